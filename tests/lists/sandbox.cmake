# The sandbox's dialects, spoken to by clients of the tests' own. libcrypto beside the sandbox's digests: two readings of one formula.
foreach(name dialects quirks)
  add_executable(test_sandbox_${name} ${CMAKE_CURRENT_SOURCE_DIR}/integration/test_sandbox_${name}.c
                 ${CMAKE_CURRENT_SOURCE_DIR}/integration/far.c
                 ${CMAKE_CURRENT_SOURCE_DIR}/integration/speakers.c
                 ${CMAKE_CURRENT_SOURCE_DIR}/integration/speaker_tools.c)
  target_compile_definitions(test_sandbox_${name} PRIVATE ZHANCHI_SANDBOX="$<TARGET_FILE:zhanchi-sandbox>")
  target_link_libraries(test_sandbox_${name} PRIVATE zc_flags zc_httpd zc_base PkgConfig::CRYPTO PkgConfig::CHECK)
  add_dependencies(test_sandbox_${name} zhanchi-sandbox)
  add_test(NAME integration_sandbox_${name} COMMAND test_sandbox_${name})
  set_tests_properties(integration_sandbox_${name} PROPERTIES LABELS integration)
endforeach()

zc_cases(sandbox_signing LINK zc_sandbox)
