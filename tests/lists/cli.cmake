# Commands from outside.
if(ZHANCHI_FAILPOINTS)
  add_test(NAME integration_office
           COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/integration/office.sh ${PROJECT_BINARY_DIR}/src)
  set_tests_properties(integration_office PROPERTIES LABELS integration TIMEOUT 300)
endif()
