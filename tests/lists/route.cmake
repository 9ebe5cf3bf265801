zc_unit(route LINK zc_route m)

# Several gateways, from outside: two sandboxes, kills in the middle of a failover.
if(ZHANCHI_FAILPOINTS)
  add_test(NAME integration_routes
           COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/integration/routes.sh ${PROJECT_BINARY_DIR}/src)
  set_tests_properties(integration_routes PROPERTIES LABELS integration TIMEOUT 600)
endif()
