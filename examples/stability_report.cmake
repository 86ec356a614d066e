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
libration_expect(bundled "Verdict.*free-running.*What the state keeps of the past.*reach over.*bits over.*states over.*fewer bits.*different texts.*weights.*Files")

# What is written as JSON says which version of the format it is, and which sections ran.
libration_add_program_test(
  json sh -c "\"$0\" \"$@\" > /dev/null && cat \"${folder}/json/report.json\"" ${program} "${model}" "${text}" --sections
  tokens,loops,growth,memory --count 1 --effort 0.01 --no-pictures --out "${folder}/json")
libration_expect(json "^{\n \"version\": 1,\n \"model\": {.*\"kind\": \"gru\".*\"closed_loop\": {.*\"memory\": {.*\"gain\": .*\"bits\": .*\"states\": {.*\"growth\": {\n  \"reads_the_text\": {.*\n  \"free_running\": {.*\"tokens\": .\n")

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

# Language models whose layers have a state of fixed size, small and of random weights, and one that was trained; each from its folder,
# along token ids or, where its config has a vocabulary, along a text.
set(tiny "${shared}/models/tiny")
set(reverse "${shared}/models/rwkv7_reverse")
if(EXISTS "${tiny}/tiny_mamba/model.safetensors" AND EXISTS "${reverse}/model.safetensors")
  string(REPEAT "1, 5, 9, 33, 70, 2, 95, 0, 44, 61, 8, 8, 17, " 20 many_ids)
  file(WRITE "${folder}/many_ids.json" "[${many_ids}3]")
  foreach(kind mamba mamba2 rwkv7)
    libration_add_program_test(
      tiny_${kind} ${program} "${tiny}/tiny_${kind}" "${folder}/many_ids.json" --ids --count 3 --effort 0.01 --no-pictures --out
      "${folder}/tiny_${kind}")
    libration_expect(tiny_${kind} "${kind} with [23] layers of width 32.*261 tokens.*nats a token.*one token at a time.*free-running.*fewer bits.*different texts.*weights.*Files")
  endforeach()
  string(REPEAT "31415,51413#" 20 digits)
  file(WRITE "${folder}/digits.txt" "${digits}")
  libration_add_program_test(rwkv7_reverse ${program} "${reverse}" "${folder}/digits.txt" --sections spectrum --count 3 --no-pictures
                             --out "${folder}/rwkv7_reverse")
  libration_expect(rwkv7_reverse "rwkv7 with 2 layers of width 32, a state of 1152 numbers, 12 tokens.*240 characters.*Verdict")
  libration_add_refusal(a_forecaster "mamba_lorenz63/config.json: a network that reads numbers .input_size.*forecaster"
                        "${shared}/models/mamba_lorenz63" "${folder}/many_ids.json" --ids)
else()
  foreach(name tiny_mamba tiny_mamba2 tiny_rwkv7 rwkv7_reverse a_forecaster)
    libration_skip(${name})
  endforeach()
endif()

file(WRITE "${folder}/empty.txt" "")
file(WRITE "${folder}/ids.txt" "1 2 75\n")
file(WRITE "${folder}/words.txt" "1 2 three\n")
file(WRITE "${folder}/gpt2/config.json" "{\"model_type\": \"gpt2\"}")
file(WRITE "${folder}/foreign.txt" "中文\n")

# Folders that differ from the bundled one in their config: a field that scales the logits, and a window of millions of tokens.
file(READ "${transformer}/config.json" config)
string(REPLACE "\"model_type\"" "\"logits_scaling\": 8.0, \"model_type\"" scaled "${config}")
string(REPLACE "\"max_position_embeddings\": 256" "\"max_position_embeddings\": 4194304" long "${config}")
foreach(kind scaled long)
  file(WRITE "${folder}/${kind}/config.json" "${${kind}}")
  file(COPY "${transformer}/model.safetensors" "${transformer}/vocabulary.json" DESTINATION "${folder}/${kind}")
endforeach()
file(READ "${text}" beginning LIMIT 200)
file(WRITE "${folder}/beginning.txt" "${beginning}")
libration_add_refusal(an_unknown_field "config.json: .*logits_scaling is 8.0, expected 1" "${folder}/scaled" "${folder}/beginning.txt")
libration_add_program_test(an_ignored_field ${program} "${folder}/scaled" "${folder}/beginning.txt" --ignore-field logits_scaling
                          --sections attention --no-pictures --out "${folder}/an_ignored_field")
libration_expect(an_ignored_field "Where attention goes")

# Memory follows the text, not the config; what will not fit is refused. The sanitizers need more addresses than the limit leaves.
if(UNIX AND NOT "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_DEBUG}" MATCHES "-fsanitize=")
  set(limited sh -c "ulimit -v 1000000 && exec \"$0\" \"$@\"" ${program})
  libration_add_program_test(a_long_window_and_a_short_text ${limited} "${folder}/long" "${folder}/beginning.txt" --sections
                            growth,tokens --effort 0.02 --no-pictures --out "${folder}/a_long_window_and_a_short_text")
  libration_expect(a_long_window_and_a_short_text "window 4194304.*different texts")
  set(unlimited "${program}")
  set(program "${limited}")
  libration_add_refusal(what_will_not_fit "would take .*bytes.* of memory, and .*available; .*window" "${folder}/long" "${text}")
  set(program "${unlimited}")
endif()

libration_add_refusal(no_arguments "MODEL is required")
libration_add_refusal(a_missing_model "nowhere.safetensors.*No such file" "${folder}/nowhere.safetensors" "${text}")
libration_add_refusal(a_missing_text "nowhere.txt" "${model}" "${folder}/nowhere.txt")
libration_add_refusal(an_empty_text "empty.txt.*empty" "${model}" "${folder}/empty.txt")
libration_add_refusal(unknown_characters "foreign.txt.*U.4E2D" "${model}" "${folder}/foreign.txt")
libration_add_refusal(a_model_that_is_a_text "byte 0" "${text}" "${text}")
libration_add_refusal(a_model_of_another_kind "matrix.*not a recurrent network"
                      "${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/safetensors/matrix" "${text}" )
libration_add_refusal(a_negative_option "--count.*-1" "${model}" "${text}" --count -1)
libration_add_refusal(an_unknown_section "frobnicate" "${model}" "${text}" --sections spectrum,frobnicate)
libration_add_refusal(an_unknown_option "frobnicate" "${model}" "${text}" --frobnicate)
libration_add_refusal(spectra_of_a_transformer "--sections: a transformer has no section spectrum" "${transformer}" "${text}"
                      --sections spectrum,growth)
libration_add_refusal(a_section_of_another_kind "--sections: a recurrent network has no section attention" "${model}" "${text}"
                      --sections attention)
libration_add_refusal(an_unsupported_architecture "config.json.*model_type is .gpt2." "${folder}/gpt2" "${text}")
libration_add_refusal(a_token_id_out_of_range "token id 75 after 2 ids, expected 0 to 74" "${transformer}" "${folder}/ids.txt"
                      --ids)
libration_add_refusal(a_word_for_a_token_id "three.*no token id" "${transformer}" "${folder}/words.txt" --ids)
libration_add_refusal(an_empty_text_for_a_transformer "empty.txt.*empty" "${transformer}" "${folder}/empty.txt")
libration_add_refusal(a_folder_without_a_config "config.json.*cannot be read" "${folder}" "${text}")
libration_add_refusal(a_narrow_window "a window of 4 tokens, expected at least 16" "${transformer}" "${text}" --window 4)

# How a recurrent network's file is read and accounted for, on networks of one unit whose cost has a closed form. Logits are h and -h, so
# that a character of "aaa..." costs ln(1 + exp(-2 h)); the plain network reads 2 in every step: with relu h = 2 and 0.018 nats, with tanh
# 0.136. The others' costs are those of their equations iterated in Python.
string(REPEAT "a" 120 many)
file(WRITE "${folder}/a.txt" "${many}")
file(WRITE "${folder}/ac.txt" "${many}c")
foreach(name rnn gru turns wrapped)
  file(WRITE "${folder}/${name}/vocab.json" "{\"a\": 0, \"<unk>\": 1}")
endforeach()
set(plain "rnn.weight_ih|F32|1,2|2" "rnn.weight_hh|F32|1,1|0" "fc.weight|F32|2,1|1 -1")
libration_write_safetensors("${folder}/rnn/model.safetensors" "" ${plain})
libration_write_safetensors("${folder}/wrapped/model.safetensors" "" "_orig_mod.module.rnn.weight_ih|F32|1,2|2"
                            "_orig_mod.module.rnn.weight_hh|F32|1,1|0" "_orig_mod.module.fc.weight|F32|2,1|1 -1"
                            "optimizer.state|F32|3|1")
set(gru "rnn.weight_ih_l0|F32|3,2|0 0 -1 -1 1 1" "rnn.weight_hh_l0|F32|3,1|-1 0.5 2" "rnn.bias_ih_l0|F32|3|0" "rnn.bias_hh_l0|F32|3|0 0 1"
        "fc.weight|F32|2,1|1 -1")
libration_write_safetensors("${folder}/gru/model.safetensors" "" ${gru})
libration_write_safetensors("${folder}/turns/model.safetensors" "\"nonlinearity\":\"relu\"" "rnn1.weight_ih|F32|1,2|2"
                            "rnn1.weight_hh|F32|1,1|0" "rnn2.weight_ih|F32|1,1|0.5" "rnn2.weight_hh|F32|1,1|0"
                            "fc.weight|F32|2,1|1 -1")

# libration_add_reading(<name> <regular expression> <network> <text> <argument>...): what the report says of a network of that folder.
function(libration_add_reading name expect network text)
  libration_add_program_test(
    ${name} ${program} "${folder}/${network}/model.safetensors" "${folder}/${text}" --sections exposure --effort 0.02 --no-pictures --out
    "${folder}/${name}" ${ARGN})
  libration_expect(${name} "${expect}")
endfunction()
set(assumed "assumed, as the weights do not say it")
libration_add_reading(what_was_assumed
                      "pays 0.136 nats.*${assumed}: nonlinearity tanh .--nonlinearity., leak 1.*vocab.json, beside.*one-hot" rnn
                      a.txt)
libration_add_reading(a_nonlinearity "pays 0.018 nats.*${assumed}: leak" rnn a.txt --nonlinearity relu)
libration_add_reading(a_leak "pays 0.033 nats" rnn a.txt --leak 0.125 --nonlinearity relu)
libration_add_reading(wrapped_names "pays 0.136 nats" wrapped a.txt)
libration_add_reading(networks_in_turn "2 layers.*pays 0.127 nats" turns a.txt --stack rnn1,rnn2)
libration_add_reading(an_option_before_the_metadata "nonlinearity is tanh as --nonlinearity says; the metadata says relu" turns
                      a.txt --prefix rnn1 --nonlinearity tanh --ignore "rnn2.*")
libration_add_reading(unknown_characters_skipped
                      "120 characters.*unknown to the model: 1 of the text.s characters .1 different., skipped" rnn
                      ac.txt --unknown skip)
libration_add_reading(unknown_characters_as_a_token "121 characters.*unknown to the model: 1 .*, read as <unk>" rnn ac.txt
                      --unknown "<unk>")
libration_add_reading(a_gru
                      "pays 0.141 nats.*reset_after true .--reset-after, --reset-before., swapped_update false.*gate_order rzn"
                      gru a.txt)
libration_add_reading(a_reset_before "pays 0.131 nats" gru a.txt --reset-before)
libration_add_reading(a_swapped_update "pays 0.147 nats" gru a.txt --swapped-update)
libration_add_reading(a_gate_order "pays 0.137 nats" gru a.txt --gate-order zrn)

# A config.json beside the model.
file(WRITE "${folder}/config/vocab.json" "[\"a\", \"b\"]")
file(WRITE "${folder}/config/config.json" "{\"reset_after\": false, \"hidden_size\": 1}")
libration_write_safetensors("${folder}/config/model.safetensors" "" ${gru})
libration_add_reading(a_config_beside_the_model
                      "pays 0.131 nats.*config.json, beside the model: read reset_after false; not read, as it changes nothing: hidden_size" config a.txt)
file(WRITE "${folder}/contradiction/config.json" "{\"reset_after\": false}")
libration_write_safetensors("${folder}/contradiction/model.safetensors" "\"reset_after\":\"true\"" ${gru})

libration_write_safetensors("${folder}/norm.safetensors" "" ${plain} "ln.weight|F32|1|2" "ln.bias|F32|1|1")
libration_write_safetensors("${folder}/weight_drop/model.safetensors" "" ${plain} "rnn.weight_hh_raw|F32|1,1|1")
file(WRITE "${folder}/weight_drop/vocab.json" "{\"a\": 0, \"<unk>\": 1}")
libration_write_safetensors("${folder}/projection.safetensors" "" "lstm.weight_ih_l0|F32|8,2|1" "lstm.weight_hh_l0|F32|8,1|1"
                            "lstm.weight_hr_l0|F32|1,2|1" "fc.weight|F32|2,1|1 -1")
libration_write_safetensors("${folder}/integers.safetensors" "" "rnn.weight_ih|I8|2,2|1" "rnn.weight_ih.SCB|F32|2|1"
                            "rnn.weight_hh|F32|2,2|0" "fc.weight|F32|2,2|1 -1" )
set(ab --vocabulary "${folder}/config/vocab.json")
set(a "${folder}/a.txt")
libration_add_refusal(a_norm_that_is_not_read
                      "2 tensors that the model as read does not use: .ln.weight.*layer norm.*ln.bias.*--ignore"
                      "${folder}/norm.safetensors" "${a}" ${ab})
libration_add_reading(a_weight_drop "pays 0.128 nats.*weight drop.*rnn.weight_hh_raw" weight_drop a.txt)
libration_add_refusal(a_projection "lstm.weight_hr_l0 belongs to a network with a projection" "${folder}/projection.safetensors"
                      "${a}" ${ab})
libration_add_refusal(integers_as_weights "rnn.weight_ih. holds I8, expected F32.*quantised, with .rnn.weight_ih.SCB"
                      "${folder}/integers.safetensors"
                      "${a}" ${ab})
libration_add_refusal(two_networks "2 recurrent networks.*rnn1., rnn2.*--stack" "${folder}/turns/model.safetensors" "${a}")
libration_add_refusal(half_of_two_networks "rnn2.weight_ih.*another recurrent layer" "${folder}/turns/model.safetensors" "${a}"
                      --prefix rnn1)
libration_add_refusal(an_unknown_character "'c' .U.0063. at character 120.*--unknown" "${folder}/rnn/model.safetensors"
                      "${folder}/ac.txt" )
libration_add_refusal(an_unknown_replacement "--unknown: .<eos>. is no token" "${folder}/rnn/model.safetensors" "${folder}/ac.txt"
                      --unknown "<eos>" )
libration_add_refusal(a_convention_of_another_kind "--reset-after.*of kind rnn has no such convention"
                      "${folder}/rnn/model.safetensors" "${a}"
                      --reset-before)
libration_add_refusal(a_config_that_contradicts_the_file
                      "metadata's reset_after is .true.*config.json has .false.*--reset-before"
                      "${folder}/contradiction/model.safetensors" "${a}" ${ab})

# Models of a state of fixed size, of width 2, whose costs, and the exponents of the first (the means of A times the time step), are those
# of their equations iterated in Python. A folder, or its file alone where the config lies beside it; the authors' names of RWKV-7
# need no config.
string(REPEAT "abbaaabab" 20 ab_text)
file(WRITE "${folder}/ab.txt" "${ab_text}")
set(mamba_config
    "\"model_type\": \"mamba\", \"hidden_size\": 2, \"state_size\": 2, \"conv_kernel\": 2, \"expand\": 1, \"num_hidden_layers\": 1")
set(layer "backbone.layers.0.")
set(mamba
    "backbone.embeddings.weight|F32|2,2|1 0.5 -1" "${layer}norm.weight|F32|2|1 2" "${layer}mixer.in_proj.weight|F32|4,2|1 0 0.5 -1"
    "${layer}mixer.conv1d.weight|F32|2,1,2|0.5 1" "${layer}mixer.conv1d.bias|F32|2|0.5" "${layer}mixer.x_proj.weight|F32|5,2|0.5 1 -1"
    "${layer}mixer.dt_proj.weight|F32|2,1|1 0.5" "${layer}mixer.dt_proj.bias|F32|2|0 -1" "${layer}mixer.A_log|F32|2,2|0 0.5 -1"
    "${layer}mixer.D|F32|2|1 0.5" "${layer}mixer.out_proj.weight|F32|2,2|1 -1 0.5" "backbone.norm_f.weight|F32|2|1 2")
set(mamba2
    "backbone.embeddings.weight|F32|2,2|1 0.5 -1" "lm_head.weight|F32|2,2|1 -1 0.5" "${layer}norm.weight|F32|2|1 2"
    "${layer}mixer.in_proj.weight|F32|10,2|1 0 0.5 -1 0.5 1 -1" "${layer}mixer.conv1d.weight|F32|6,1,2|0.5 1"
    "${layer}mixer.conv1d.bias|F32|6|0.5" "${layer}mixer.dt_bias|F32|2|0 -1" "${layer}mixer.A_log|F32|2|0 0.5" "${layer}mixer.D|F32|2|1 0.5"
    "${layer}mixer.norm.weight|F32|2|1 0.5" "${layer}mixer.out_proj.weight|F32|2,2|1 -1 0.5" "backbone.norm_f.weight|F32|2|1 2")
set(att "blocks.0.att.")
set(rwkv7
    "emb.weight|F32|2,2|1 0.5 -1" "blocks.0.ln0.weight|F32|2|1 2" "blocks.0.ln0.bias|F32|2|0 0.5" "blocks.0.ln1.weight|F32|2|1 0.5"
    "blocks.0.ln1.bias|F32|2|0.5 0" "blocks.0.ln2.weight|F32|2|2 1" "blocks.0.ln2.bias|F32|2|0 0.5" "${att}x_r|F32|1,1,2|0.5 1"
    "${att}x_w|F32|1,1,2|0.5 0" "${att}x_k|F32|1,1,2|1 0.5" "${att}x_v|F32|1,1,2|0.5" "${att}x_a|F32|1,1,2|0 0.5" "${att}x_g|F32|1,1,2|0.5 1"
    "${att}w0|F32|1,1,2|0.5 -1" "${att}w1|F32|2,1|1 0.5" "${att}w2|F32|1,2|0.5 1" "${att}a0|F32|1,1,2|0 0.5" "${att}a1|F32|2,1|1 -1"
    "${att}a2|F32|1,2|0.5 1" "${att}g1|F32|2,1|0.5 1" "${att}g2|F32|1,2|1 2" "${att}k_k|F32|1,1,2|1 0.5" "${att}k_a|F32|1,1,2|0.5 1"
    "${att}r_k|F32|1,2|1 0.5" "${att}receptance.weight|F32|2,2|1 0.5 -1" "${att}key.weight|F32|2,2|0.5 1 1"
    "${att}value.weight|F32|2,2|1 -1 0.5" "${att}output.weight|F32|2,2|0.5 1 -1" "${att}ln_x.weight|F32|2|1 2" "${att}ln_x.bias|F32|2|0 0.5"
    "blocks.0.ffn.x_k|F32|1,1,2|0.5 1" "blocks.0.ffn.key.weight|F32|2,2|1 -1 0.5" "blocks.0.ffn.value.weight|F32|2,2|0.5 1 -1"
    "ln_out.weight|F32|2|1 2" "ln_out.bias|F32|2|0.5 0" "head.weight|F32|2,2|1 -1 0.5")
file(WRITE "${folder}/mamba/config.json" "{${mamba_config}, \"vocab_size\": 2}")
file(WRITE "${folder}/mamba2/config.json"
     "{\"model_type\": \"mamba2\", \"hidden_size\": 2, \"state_size\": 2, \"conv_kernel\": 2, \"expand\": 1, \"num_heads\": 2,"
     " \"head_dim\": 1, \"n_groups\": 1, \"num_hidden_layers\": 1, \"vocab_size\": 2, \"time_step_limit\": [0.0, Infinity]}")
foreach(kind mamba mamba2 rwkv7)
  file(WRITE "${folder}/${kind}/vocabulary.json" "[\"a\", \"b\"]")
  libration_write_safetensors("${folder}/${kind}/model.safetensors" "" ${${kind}})
endforeach()
# The same with a config, which says the characters too.
file(WRITE "${folder}/rwkv7_with_config/config.json"
     "{\"model_type\": \"rwkv7\", \"hidden_size\": 2, \"head_dim\": 2, \"num_hidden_layers\": 1, \"vocab_size\": 2,"
     " \"norm_eps\": 1e-5, \"group_norm_epsilon\": 64e-5, \"vocab\": \"ab\"}")
libration_write_safetensors("${folder}/rwkv7_with_config/model.safetensors" "" ${rwkv7})
function(libration_add_fixed_state name expect model)
  libration_add_program_test(${name} ${program} "${folder}/${model}" "${folder}/ab.txt" --sections exposure --effort 0.02 --no-pictures
                             --out "${folder}/${name}" ${ARGN})
  libration_expect(${name} "${expect}")
endfunction()
libration_add_fixed_state(a_mamba "mamba with 1 layer of width 2, a state of 6 numbers, 2 tokens.*pays 1.569 nats a character" mamba)
libration_add_fixed_state(a_mamba_by_its_file "pays 1.569 nats" mamba/model.safetensors)
libration_add_fixed_state(a_mamba2 "mamba2 with 1 layer.*pays 1.136 nats" mamba2)
libration_add_fixed_state(an_rwkv7_without_a_config "rwkv7 with 1 layer.*pays 3.004 nats.*no config.json beside" rwkv7/model.safetensors)
libration_add_fixed_state(an_rwkv7 "pays 3.004 nats" rwkv7_with_config)
libration_add_program_test(
  exponents_of_a_mamba ${program} "${folder}/mamba" "${folder}/ab.txt" --sections spectrum --no-pictures --out
  "${folder}/exponents_of_a_mamba")
libration_expect(exponents_of_a_mamba "STABLE.* 1   -0.12[67].* 2   -0.34[456].* 3   -0.8[12].* 4   -1.3[45].* 5   -inf.*exact: .*two neighbouring")

file(WRITE "${folder}/of_numbers/config.json" "{${mamba_config}, \"input_size\": 3, \"output_size\": 3}")
libration_write_safetensors("${folder}/of_numbers/model.safetensors" "" ${mamba})
file(WRITE "${folder}/of_another_type/config.json" "{\"model_type\": \"falcon_mamba\"}")
libration_write_safetensors("${folder}/of_another_type/model.safetensors" "" ${mamba})
libration_write_safetensors("${folder}/alone/model.safetensors" "" ${mamba})
file(WRITE "${folder}/three/config.json" "{${mamba_config}, \"vocab_size\": 2}")
file(WRITE "${folder}/three/vocabulary.json" "[\"a\", \"b\", \"c\"]")
libration_write_safetensors("${folder}/three/model.safetensors" "" ${mamba})
file(WRITE "${folder}/wordless/config.json" "{${mamba_config}, \"vocab_size\": 2}")
libration_write_safetensors("${folder}/wordless/model.safetensors" "" ${mamba})
set(ab_file "${folder}/ab.txt")
libration_add_refusal(a_network_of_numbers "of_numbers/config.json: a network that reads numbers" "${folder}/of_numbers" "${ab_file}")
libration_add_refusal(a_type_that_is_not_read "of_another_type/config.json.*its model_type is .falcon_mamba., expected"
                      "${folder}/of_another_type/model.safetensors" "${ab_file}")
libration_add_refusal(a_mamba_without_its_config "alone/model.safetensors: the tensors of a Mamba or an RWKV-7, whose config.json"
                      "${folder}/alone/model.safetensors" "${ab_file}")
libration_add_refusal(a_vocabulary_that_is_too_large "the vocabulary has 3 tokens, and the model only 2" "${folder}/three" "${ab_file}")
libration_add_refusal(a_mamba_without_a_vocabulary "no vocabulary.json.*--ids" "${folder}/wordless" "${ab_file}")
libration_add_refusal(an_empty_text_for_a_mamba "empty.txt.*empty" "${folder}/mamba" "${folder}/empty.txt")
libration_add_refusal(a_short_text_for_a_mamba "the text has 3 tokens, expected at least 100" "${folder}/mamba"
                      "${folder}/three_ids.txt" --ids)
file(WRITE "${folder}/three_ids.txt" "0 1 1\n")
libration_add_refusal(a_window_of_a_mamba "--window: is for transformers; this model is a state-space model" "${folder}/mamba"
                      "${ab_file}" --window 64)
libration_add_refusal(a_leak_of_a_mamba "--leak: is for recurrent networks; this model is a state-space model" "${folder}/mamba"
                      "${ab_file}" --leak 0.5)
libration_add_refusal(attention_of_a_mamba "--sections: a state-space model has no section attention" "${folder}/mamba" "${ab_file}"
                      --sections attention)

# Options that say nothing of the kind of model or text.
foreach(option "nonlinearity;relu" "leak;0.5" "prefix;rnn" "stack;a,b" "embedding;e" "readout;fc" "gate-order;rzn" "reset-before" "count;4"
               "steps;100" "transient;9" "tolerance;1" "margin;1")
  list(GET option 0 name)
  list(TRANSFORM option PREPEND "--" AT 0)
  libration_add_refusal(of_a_folder_${name} "report: --${name}: is for .*recurrent networks; this model is a folder" "${transformer}"
                        "${text}" ${option})
endforeach()
libration_add_refusal(a_window_of_a_recurrent_network "--window: is for transformers" "${model}" "${text}" --window 100)
libration_add_refusal(ids_for_a_recurrent_network "--ids: is for state-space models and transformers" "${model}" "${text}" --ids)
libration_add_refusal(a_vocabulary_for_ids "--vocabulary: is for a text of characters" "${transformer}" "${folder}/ids.txt" --ids
                      ${ab})
libration_add_refusal(unknown_ids "--unknown: is for a text of characters" "${transformer}" "${folder}/ids.txt" --ids --unknown skip)
libration_add_refusal(a_file_as_folder "--out: no folder .*a.txt" "${model}" "${text}" --out "${a}")
libration_add_refusal(steps_of_a_section_that_is_left_out "--steps: is for the section spectrum" "${model}" "${text}" --sections loops
                      --steps 100)
libration_add_refusal(margin_of_sections_that_are_left_out "--margin: is for the sections spectrum and loops" "${model}" "${text}"
                      --sections tokens --margin 0.1)

libration_add_refusal(effort_of_the_spectrum_alone "--effort: is for all sections but spectrum" "${model}" "${text}" --sections
                      spectrum --effort 0.5)
libration_add_refusal(seed_of_attention_alone "--seed: is for all sections but attention" "${transformer}" "${text}" --sections
                      attention --seed 3)

# Patterns that match nothing, and a config of another model.
libration_add_refusal(an_ignored_tensor_that_is_not_there "rnn.weigth_.* of .ignore .*--ignore.*most similar: .rnn.weight_"
                      "${folder}/harmless/model.safetensors" "${a}" --ignore "rnn.weigth_*")
libration_add_refusal(an_ignored_field_that_is_not_there "dropuot. of .ignore_fields .*--ignore-field.*most similar: .dropout"
                      "${folder}/harmless/model.safetensors" "${a}" --ignore-field dropuot)
libration_add_refusal(an_ignored_tensor_of_a_folder "embed_tokns.* of .ignore .*most similar: .*embed_tokens.weight" "${transformer}" "${text}"
                      --ignore "embed_tokns*")
libration_add_refusal(an_ignored_field_of_a_folder "logits_scalign. of .ignore_fields" "${folder}/scaled" "${a}" --ignore-field
                      logits_scalign)
file(WRITE "${folder}/of_another/config.json" "{\"hidden_size\": 2}")
file(WRITE "${folder}/of_another/vocab.json" "[\"a\", \"b\"]")
libration_write_safetensors("${folder}/of_another/model.safetensors" "" ${plain})
libration_add_refusal(a_config_of_another_model "config.json: hidden_size is 2, expected 1, as tensor .rnn.weight_hh. of shape .1, 1."
                      "${folder}/of_another/model.safetensors" "${a}")

# Fields of a config and of the metadata: those that change the computation, those that are not known, those that do not matter.
set(fields "\"rnn_type\": \"RNN_TANH\", \"bidirectional\": false, \"dropout\": 0.5, \"temperature\": 0.8, \"num_layers\": 1")
foreach(field residual layer_norm bidirectional peephole frobnicate)
  file(WRITE "${folder}/says_${field}/config.json" "{\"hidden_size\": 1, \"${field}\": true}")
  file(WRITE "${folder}/says_${field}/vocab.json" "[\"a\", \"b\"]")
  libration_write_safetensors("${folder}/says_${field}/model.safetensors" "" ${plain})
  libration_add_refusal(a_config_that_says_${field} "config.json: .*${field} is true.*--ignore-field.: .${field}"
                        "${folder}/says_${field}/model.safetensors" "${a}")
  libration_add_reading(an_ignored_${field} "pays 0.136 nats.*not read, as it changes nothing: .*${field}" says_${field} a.txt
                        --ignore-field ${field})
  libration_write_safetensors("${folder}/metadata_${field}.safetensors" "\"${field}\":\"True\"" ${plain})
  libration_add_refusal(metadata_that_says_${field} "the metadata: .*${field} is true.*--ignore-field.: .${field}"
                        "${folder}/metadata_${field}.safetensors" "${a}" ${ab})
endforeach()
file(WRITE "${folder}/harmless/config.json" "{${fields}}")
file(WRITE "${folder}/harmless/vocab.json" "[\"a\", \"b\"]")
libration_write_safetensors("${folder}/harmless/model.safetensors" "\"format\":\"pt\"" ${plain})
libration_add_reading(fields_that_do_not_matter
                      "pays 0.136 nats.*not read, as it changes nothing: bidirectional, dropout, num_layers, temperature" harmless a.txt)
# A network whose state doubles at every character, numbers that are none, and several lists of ids.
libration_write_safetensors("${folder}/diverges.safetensors" "\"nonlinearity\":\"relu\"" "rnn.weight_ih|F32|1,2|2"
                            "rnn.weight_hh|F32|1,1|2" "fc.weight|F32|2,1|1 -1")
string(REPEAT "aaaaaaaa" 60 very_many)
file(WRITE "${folder}/very_many.txt" "${very_many}")
file(WRITE "${folder}/lists.json" "[[1, 2], [3]]")
libration_add_refusal(a_network_that_diverges "leave the range of single precision" "${folder}/diverges.safetensors"
                      "${folder}/very_many.txt" ${ab})
libration_add_refusal(several_lists_of_ids "lists.json: holds 2 lists of token ids, expected one" "${transformer}" "${folder}/lists.json"
                      --ids)
libration_add_refusal(an_endless_effort "--effort: is 1e300, expected a number that is at least 0.01, at most" "${model}" "${text}"
                      --effort 1e300)
libration_add_refusal(a_negative_seed "--seed: is -1, expected a number" "${model}" "${text}" --seed -1)
libration_add_refusal(a_network_twice "the stack names .rnn. twice" "${folder}/harmless/model.safetensors" "${a}" --stack rnn,rnn)
