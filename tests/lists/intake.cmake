zc_unit(intake LINK zc_intake)

# The same over a real store.
add_executable(test_intake_flow ${CMAKE_CURRENT_SOURCE_DIR}/integration/test_intake.c
               ${CMAKE_CURRENT_SOURCE_DIR}/contract/contract.c)
target_link_libraries(test_intake_flow PRIVATE zc_flags zc_intake PkgConfig::CHECK)
add_test(NAME integration_intake COMMAND test_intake_flow)
set_tests_properties(integration_intake PROPERTIES LABELS integration)

# The command as people use it, and what it may not write. Shell scripts: they need the program.
add_executable(findbytes ${CMAKE_CURRENT_SOURCE_DIR}/tools/findbytes.c)
target_link_libraries(findbytes PRIVATE zc_flags zc_base)
add_test(NAME integration_list COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/integration/intake.sh ${PROJECT_BINARY_DIR}/src)
add_test(NAME integration_no_personal_data COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/integration/no_personal_data.sh
         ${PROJECT_BINARY_DIR}/src $<TARGET_FILE_DIR:findbytes>)
set_tests_properties(integration_list integration_no_personal_data PROPERTIES LABELS integration TIMEOUT 600)
