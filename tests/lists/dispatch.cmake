zc_unit(dispatch LINK zc_dispatch)

# The dispatcher's promises from outside: restored copies, doubt, signals, rest.
if(ZHANCHI_FAILPOINTS)
  add_test(NAME integration_sending
           COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/integration/sending.sh ${PROJECT_BINARY_DIR}/src)
  set_tests_properties(integration_sending PROPERTIES LABELS integration TIMEOUT 300)
endif()
