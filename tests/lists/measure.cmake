zc_unit(measure LINK zc_measure)
# Its pure parts stand behind a private header.
target_include_directories(test_measure PRIVATE ${PROJECT_SOURCE_DIR}/src/measure)

# The same over a real store.
add_executable(test_measure_flow ${CMAKE_CURRENT_SOURCE_DIR}/integration/test_measure.c
               ${CMAKE_CURRENT_SOURCE_DIR}/integration/measure_scene.c
               ${CMAKE_CURRENT_SOURCE_DIR}/contract/contract.c)
target_link_libraries(test_measure_flow PRIVATE zc_flags zc_intake zc_measure PkgConfig::CHECK)
add_test(NAME integration_measure COMMAND test_measure_flow)
set_tests_properties(integration_measure PROPERTIES LABELS integration)

# The report for people is the command's own.
zc_unit(report_text LINK zc_measure)
target_sources(test_report_text PRIVATE ${PROJECT_SOURCE_DIR}/src/cli/report_text.c
               ${PROJECT_SOURCE_DIR}/src/cli/output.c)
target_include_directories(test_report_text PRIVATE ${PROJECT_SOURCE_DIR}/src/cli)
set_tests_properties(unit_report_text PROPERTIES ENVIRONMENT
  "ZHANCHI_SOURCE_DIR=${PROJECT_SOURCE_DIR};ZHANCHI_LOCALE_DIR=${PROJECT_BINARY_DIR}/share/locale")
