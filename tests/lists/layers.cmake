add_test(NAME check_layers COMMAND ${PROJECT_SOURCE_DIR}/scripts/check-layers)
add_test(NAME check_layers_self COMMAND ${PROJECT_SOURCE_DIR}/scripts/check-layers --self-test)
set_tests_properties(check_layers check_layers_self PROPERTIES LABELS unit)
