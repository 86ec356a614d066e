# SPDX-License-Identifier: MIT
# Tests of the attention report: that it runs on small arrays, and on a recorded transformer where it is at hand, and what it
# refuses.

set(suite attention)
set(program $<TARGET_FILE:attention_report>)
include(program_tests.cmake)
set(folder "${CMAKE_CURRENT_BINARY_DIR}/attention")
file(MAKE_DIRECTORY "${folder}")

# libration_write_npy(<name> <type> <shape> <bytes as printf takes them>): an .npy file of that name in the folder.
function(libration_write_npy name type shape bytes)
  set(header "{'descr': '${type}', 'fortran_order': False, 'shape': (${shape}), }")
  string(LENGTH "${header}" length)
  math(EXPR high "${length} / 64")
  math(EXPR middle "${length} / 8 % 8")
  math(EXPR low "${length} % 8")
  execute_process(COMMAND printf "\\223NUMPY\\001\\000\\${high}${middle}${low}\\000${header}${bytes}"
                  OUTPUT_FILE "${folder}/${name}.npy" COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# Half precision: 1 is 0x3c00, 0.5 is 0x3800, -1 is 0xbc00, NaN is 0x7e00; the weights of two queries on two keys.
set(zero "\\000\\000")
set(half "\\000\\070")
set(one "\\000\\074")
libration_write_npy(weights <f2 "1, 2, 2" "${one}${zero}${half}${half}")
libration_write_npy(two_layers <f2 "2, 1, 2, 2" "${one}${zero}${half}${half}${one}${zero}${one}${zero}")
libration_write_npy(ahead <f2 "1, 2, 2" "${half}${half}${half}${half}")
libration_write_npy(too_much <f2 "1, 2, 2" "${one}${zero}${one}${half}")
libration_write_npy(negative <f2 "1, 2, 2" "${one}${zero}\\000\\274${one}")
libration_write_npy(unknown <f2 "1, 2, 2" "${one}${zero}\\000\\176${half}")
libration_write_npy(matrix <f2 "2, 2" "${one}${zero}${half}${half}")
libration_write_npy(nothing <f2 "1, 0, 2" "")
libration_write_npy(padded <f2 "1, 3, 3" "${half}${half}${zero}${zero}${one}${zero}${zero}${half}${half}")
libration_write_npy(mask |b1 "3," "\\000\\001\\001")
libration_write_npy(masks |b1 "2, 2" "\\001\\001\\001\\000")
libration_write_npy(added <f2 "3," "\\000\\274${zero}${zero}")
libration_write_npy(three <f2 "3, 1, 2" "${one}${one}${one}${one}${one}${one}")
libration_write_npy(two <f2 "2, 1, 2" "${one}${one}${one}${one}")
file(WRITE "${folder}/text.safetensors" "this is a text\n")

libration_add_program_test(weights ${program} "${folder}/weights.npy" --out "${folder}/weights")
libration_add_program_test(two_layers ${program} "${folder}/two_layers.npy" --out "${folder}/two_layers"
  --no-pictures --rows --sink 0)
libration_add_program_test(logits ${program} "${folder}/ahead.npy" --kind logits --out "${folder}/logits" --no-pictures)
libration_add_program_test(queries_and_keys ${program} "${folder}/two.npy" "${folder}/ahead.npy" --out
  "${folder}/queries" --no-pictures)
libration_expect(weights "1 head, 2 queries.*Of 1 head 1 is undecided.*Files")
libration_expect(two_layers "2 layers of 1 head, 2 queries, 2 keys, causal")
libration_expect(logits "logits .*Verdict.*Files")
libration_expect(queries_and_keys "2 heads, 1 query, 2 keys.*Files")

# Padding, given in each way, and two sequences with a mask each.
libration_add_program_test(a_mask ${program} "${folder}/padded.npy" --mask "${folder}/mask.npy" --out "${folder}/a_mask"
  --no-pictures)
libration_add_program_test(left_padding ${program} "${folder}/padded.npy" --left-padding 1 --out "${folder}/left" --no-pictures)
libration_add_program_test(sequences ${program} "${folder}/two_layers.npy" --mask "${folder}/masks.npy" --out
  "${folder}/sequences" --no-pictures)
libration_expect(a_mask "Padding: 1 of 3 tokens in 1 sequence.*1 rows of padding are left out.*Files")
libration_expect(left_padding "Padding: 1 of 3 tokens.*--left-padding.*Files")
libration_expect(sequences "2 sequences, 1 layer of 1 head.*Sequence 0.*Sequence 1.*Files")

# A small transformer along its own text.
set(recorded "${shared}/models/stories260k/run.safetensors")
if(EXISTS "${recorded}")
  libration_add_program_test(stories260k ${program} "${recorded}" --weights attention --top 4 --out "${folder}/stories260k")
  libration_expect(stories260k "5 layers of 8 heads, 128 queries.*top mass.*None is a sink.*Files")
  libration_add_refusal(a_missing_tensor "no tensor .attentions..*attention" "${recorded}" --weights attentions)
  libration_add_refusal(states_as_weights "\\(128, 64\\), expected .*\\(heads, queries, keys\\)" "${recorded}"
                                  --weights final_hidden_states)
else()
  libration_skip(stories260k)
endif()

libration_add_refusal(no_arguments "FILE is required")
libration_add_refusal(a_missing_file "nowhere.npy.*No such file" "${folder}/nowhere.npy")
libration_add_refusal(a_text "text.safetensors: .*byte" "${folder}/text.safetensors")
libration_add_refusal(an_unnamed_tensor "which of its . tensors"
  "${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/safetensors/several")
libration_add_refusal(a_matrix "\\(2, 2\\), expected .heads, queries, keys., .layers" "${folder}/matrix.npy")
libration_add_refusal(an_empty_array "\\(1, 0, 2\\): there is nothing" "${folder}/nothing.npy")
libration_add_refusal(weights_beyond_the_query "key 1: weight 0.5.*expected 0.*no-causal" "${folder}/ahead.npy")
libration_add_refusal(sums "query 1 sums to 1.5.*expected 1" "${folder}/too_much.npy")
libration_add_refusal(negative_weights "key 0: weight -1.*expected >= 0" "${folder}/negative.npy")
libration_add_refusal(nan "1 of 2 rows .* NaN or .inf, the first at layer 0, head 0, query 1"
  "${folder}/unknown.npy")
libration_add_refusal(heads_that_do_not_divide
  "\\(2, 1, 2\\), which does not fit the queries' \\(3, 1, 2\\)" "${folder}/three.npy" "${folder}/two.npy")
libration_add_refusal(queries_without_keys "--queries came without --keys" "${recorded}" --queries q)
libration_add_refusal(a_name_for_an_npy "an .npy file's array has none" "${folder}/weights.npy" --weights
  attention)
libration_add_refusal(two_kinds "one of --weights, --logits" "${folder}/text.safetensors" --weights a --logits b)
libration_add_refusal(a_window_without_order "window is 2.*without .causal" "${folder}/weights.npy"
  --no-causal --window 2)
libration_add_refusal(a_negative_option "--sink" "${folder}/weights.npy" --sink -1)
libration_add_refusal(an_unknown_option "frobnicate" "${folder}/weights.npy" --frobnicate)
libration_add_refusal(padding_without_a_mask "key 1: weight 0.5.*--mask or --left-padding" "${folder}/padded.npy")
libration_add_refusal(a_mask_of_another_length "mask is 3 x 1, expected 2 x" "${folder}/weights.npy" --mask "${folder}/mask.npy")
libration_add_refusal(a_mask_that_is_added "expected 1 .a real token. or 0 .padding." "${folder}/padded.npy" --mask
                      "${folder}/added.npy")
libration_add_refusal(masks_of_more_sequences "expected 2 sequences" "${folder}/padded.npy" --mask "${folder}/masks.npy")
libration_add_refusal(padding_alone "nothing is left|no row sees a key" "${folder}/padded.npy" --left-padding 3)
libration_add_refusal(two_masks "not both" "${folder}/padded.npy" --mask "${folder}/mask.npy" --left-padding 1)

# Options that say nothing of what was recorded, and numbers that are none.
foreach(option "scale;1" "masked-below;-100")
  list(GET option 0 name)
  list(TRANSFORM option PREPEND "--" AT 0)
  libration_add_refusal(weights_with_${name} "--${name}: is for .*weights.npy holds weights" "${folder}/weights.npy" ${option})
endforeach()
foreach(option "zeros;masked" "tolerance;0.1")
  list(GET option 0 name)
  list(TRANSFORM option PREPEND "--" AT 0)
  libration_add_refusal(logits_with_${name} "--${name}: is for weights; .*holds logits" "${folder}/ahead.npy" --kind logits ${option})
  libration_add_refusal(queries_with_${name} "--${name}: is for weights; .*holds queries and keys" "${folder}/two.npy" "${folder}/ahead.npy"
                        ${option})
endforeach()
libration_add_refusal(a_kind_of_two_files "--kind: is for one .npy file alone" "${folder}/two.npy" "${folder}/ahead.npy" --kind logits)
libration_add_refusal(a_tolerance_that_is_no_number "--tolerance: is nan, expected a number" "${folder}/weights.npy" --tolerance nan)
libration_add_refusal(a_mask_that_is_no_number "--masked-below: is nan, expected a number or -inf" "${folder}/ahead.npy" --kind logits
                      --masked-below nan)
libration_add_refusal(a_negative_scale "--scale: is -1, expected a number" "${folder}/two.npy" "${folder}/ahead.npy" --scale -1)
libration_add_refusal(a_sink_of_more_keys "--sink: is 3, expected at most the 2 keys" "${folder}/weights.npy" --sink 3)
libration_add_refusal(a_top_of_more_keys "--top: is 3, expected at most the 2 keys" "${folder}/weights.npy" --top 3)
libration_add_refusal(logits_as_weights "weight -1, expected >= 0; are these logits. .--kind logits" "${folder}/negative.npy")
libration_add_refusal(a_file_as_folder "--out: no folder .*weights.npy" "${folder}/weights.npy" --out "${folder}/weights.npy")
# 16 rows of one weight each.
string(REPEAT "${one}${zero}${zero}${zero}${zero}${zero}${zero}${zero}" 16 rows)
libration_write_npy(rows_of_weights <f2 "1, 16, 8" "${rows}")
libration_add_refusal(weights_as_queries "rows sum to 1: these are weights, not queries" "${folder}/rows_of_weights.npy"
                      "${folder}/rows_of_weights.npy")
libration_add_refusal(weights_as_logits "rows sum to 1: these are weights, not logits" "${folder}/rows_of_weights.npy" --kind logits
                      --no-causal)
# Logits whose first key is masked by minus infinity (half precision's is 0xfc00).
set(infinite "\\000\\374")
libration_write_npy(masked_first <f2 "1, 2, 2" "${infinite}${infinite}${infinite}${one}")
libration_add_program_test(a_mask_of_infinities ${program} "${folder}/masked_first.npy" --kind logits --out "${folder}/infinities"
                           --no-pictures)
libration_expect(a_mask_of_infinities "Masked: 2 logits that are -inf.*--left-padding.*own rows.*Files")
