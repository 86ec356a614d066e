# SPDX-License-Identifier: MIT
# Tests of the report: that it runs on the bundled network, and on another where it is at hand, and what it refuses.

set(suite report)
set(program $<TARGET_FILE:stability_report>)
include(program_tests.cmake)
set(model "${CMAKE_CURRENT_SOURCE_DIR}/models/austen_gru.safetensors")
file(GLOB texts CONFIGURE_DEPENDS data/*.txt)
list(GET texts 0 text)
set(folder "${CMAKE_CURRENT_BINARY_DIR}/report")

libration_add_program_test(bundled ${program} "${model}" "${text}" --steps 400 --count 2 --effort 0.02 --out
                          "${folder}/bundled")
libration_expect(bundled "Verdict.*hears itself.*fewer bits.*different texts.*weights.*Files")

set(transformer "${CMAKE_CURRENT_SOURCE_DIR}/models/austen_llama")
libration_add_program_test(bundled_transformer ${program} "${transformer}" "${text}" --effort 0.02 --out "${folder}/transformer")
libration_expect(bundled_transformer "Where attention goes.*error in the cache.*fewer bits.*different texts.*weights.*Files")

# A network of another kind, trained by others, from the folder of recorded models.
set(lstm "${shared}/models/shakespeare_lstm")
if(EXISTS "${lstm}/model.safetensors")
  file(
    WRITE "${folder}/coriolanus.txt"
    "First Citizen:\nBefore we proceed any further, hear me speak.\n\nAll:\nSpeak, speak.\n\n"
    "First Citizen:\nYou are all resolved rather to die than to famish?\n\nAll:\nResolved. resolved.\n")
  libration_add_program_test(
    shakespeare_lstm ${program} "${lstm}/model.safetensors" "${folder}/coriolanus.txt" --vocabulary "${lstm}/vocab.json" #
    --count 2 --effort 0.02 --no-pictures --out "${folder}/shakespeare_lstm")
  libration_expect(shakespeare_lstm "lstm with 2 layers.*Verdict")
else()
  libration_skip(shakespeare_lstm)
endif()

# A transformer trained by others, along token ids.
set(stories "${shared}/models/stories260k")
if(EXISTS "${stories}/model.safetensors")
  libration_add_program_test(
    stories260k ${program} "${stories}" "${stories}/greedy_tokens_200.json" --ids --effort 0.02 --no-pictures --window 128 --out
    "${folder}/stories260k")
  libration_expect(stories260k "8 query heads on 4 key heads.*201 tokens.*Files")
else()
  libration_skip(stories260k)
endif()

file(WRITE "${folder}/empty.txt" "")
file(WRITE "${folder}/ids.txt" "1 2 75\n")
file(WRITE "${folder}/words.txt" "1 2 three\n")
file(WRITE "${folder}/gpt2/config.json" "{\"model_type\": \"gpt2\"}")
file(WRITE "${folder}/foreign.txt" "中文\n")
libration_add_refusal(no_arguments "MODEL is required")
libration_add_refusal(a_missing_model "nowhere.safetensors.*No such file" "${folder}/nowhere.safetensors" "${text}")
libration_add_refusal(a_missing_text "nowhere.txt" "${model}" "${folder}/nowhere.txt")
libration_add_refusal(an_empty_text "empty.txt.*empty" "${model}" "${folder}/empty.txt")
libration_add_refusal(unknown_characters "foreign.txt.*U.4E2D" "${model}" "${folder}/foreign.txt")
libration_add_refusal(a_model_that_is_a_text "byte 0" "${text}" "${text}")
libration_add_refusal(a_model_of_another_kind "matrix.*not a recurrent network" "${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/safetensors/matrix" "${text}")
libration_add_refusal(a_negative_option "--count.*-1" "${model}" "${text}" --count -1)
libration_add_refusal(an_unknown_section "frobnicate" "${model}" "${text}" --sections spectrum,frobnicate)
libration_add_refusal(an_unknown_option "frobnicate" "${model}" "${text}" --frobnicate)
libration_add_refusal(a_section_of_another_kind "--sections: a recurrent network has no section attention" "${model}" "${text}"
                      --sections attention)
libration_add_refusal(an_unsupported_architecture "config.json.*model_type is .gpt2." "${folder}/gpt2" "${text}")
libration_add_refusal(a_token_id_out_of_range "token id 75 after 2 ids, expected 0 to 74" "${transformer}" "${folder}/ids.txt" --ids)
libration_add_refusal(a_word_for_a_token_id "three.*no token id" "${transformer}" "${folder}/words.txt" --ids)
libration_add_refusal(an_empty_text_for_a_transformer "empty.txt.*empty" "${transformer}" "${folder}/empty.txt")
libration_add_refusal(a_folder_without_a_config "config.json.*cannot be read" "${folder}" "${text}")
libration_add_refusal(a_narrow_window "a window of 4 tokens, expected at least 16" "${transformer}" "${text}" --window 4)
