# The contract of the store: one suite for every driver, ZHANCHI_CONTRACT_DRIVER says which.
file(GLOB contract_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/contract/test_store_*.c)
foreach(source IN LISTS contract_tests)
  get_filename_component(name ${source} NAME_WE)
  add_executable(${name} ${source} ${CMAKE_CURRENT_SOURCE_DIR}/contract/contract.c
                 ${CMAKE_CURRENT_SOURCE_DIR}/contract/outreach.c)
  target_link_libraries(${name} PRIVATE zc_flags zc_store PkgConfig::CHECK)
  string(REPLACE test_store_ contract_ test ${name})
  add_test(NAME ${test}_sqlite COMMAND ${name})
  set_tests_properties(${test}_sqlite PROPERTIES LABELS contract ENVIRONMENT ZHANCHI_CONTRACT_DRIVER=sqlite)
endforeach()

foreach(name list store)
  add_executable(bench_${name} ${CMAKE_CURRENT_SOURCE_DIR}/bench/bench_${name}.c)
  target_link_libraries(bench_${name} PRIVATE zc_flags zc_store)
endforeach()
