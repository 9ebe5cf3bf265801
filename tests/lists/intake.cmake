zc_unit(intake LINK zc_intake)

# The same over a real store.
add_executable(test_intake_flow ${CMAKE_CURRENT_SOURCE_DIR}/integration/test_intake.c
               ${CMAKE_CURRENT_SOURCE_DIR}/contract/contract.c)
target_link_libraries(test_intake_flow PRIVATE zc_flags zc_intake PkgConfig::CHECK)
add_test(NAME integration_intake COMMAND test_intake_flow)
set_tests_properties(integration_intake PROPERTIES LABELS integration)
