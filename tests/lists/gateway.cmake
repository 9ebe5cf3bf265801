zc_unit(json_valid LINK zc_base)
zc_unit(httpd LINK zc_httpd)
zc_unit(transport LINK zc_gateway)
zc_unit(postman LINK zc_gateway)
zc_unit(mail LINK zc_gateway)
zc_unit(gateway LINK zc_gateway)

add_executable(bench_gateway ${CMAKE_CURRENT_SOURCE_DIR}/bench/bench_gateway.c)
target_link_libraries(bench_gateway PRIVATE zc_flags zc_gateway)

# Both sides over loopback.
add_executable(test_sandbox ${CMAKE_CURRENT_SOURCE_DIR}/integration/test_sandbox.c)
target_compile_definitions(test_sandbox PRIVATE ZHANCHI_SANDBOX="$<TARGET_FILE:zhanchi-sandbox>")
target_link_libraries(test_sandbox PRIVATE zc_flags zc_gateway zc_httpd PkgConfig::CHECK)
add_dependencies(test_sandbox zhanchi-sandbox)
add_test(NAME integration_sandbox COMMAND test_sandbox)
set_tests_properties(integration_sandbox PROPERTIES LABELS integration
  ENVIRONMENT "ZHANCHI_SOURCE_DIR=${PROJECT_SOURCE_DIR}")

# Reports, from the inbox and over HTTP, with a work directory of their own.
foreach(name track serve pull callbacks)
  add_executable(test_${name} ${CMAKE_CURRENT_SOURCE_DIR}/integration/test_${name}.c
                 ${CMAKE_CURRENT_SOURCE_DIR}/integration/world.c ${CMAKE_CURRENT_SOURCE_DIR}/contract/contract.c)
  target_link_libraries(test_${name} PRIVATE zc_flags zc_serve PkgConfig::CHECK)
  add_test(NAME integration_${name} COMMAND test_${name})
  set_tests_properties(integration_${name} PROPERTIES LABELS integration
    ENVIRONMENT "ZHANCHI_SOURCE_DIR=${PROJECT_SOURCE_DIR}")
endforeach()
target_compile_definitions(test_pull PRIVATE ZHANCHI="$<TARGET_FILE:zhanchi>")
add_dependencies(test_pull zhanchi)

# Signatures, below the profiles that name them.
zc_cases(signing LINK zc_gateway)
target_include_directories(cases_signing PRIVATE ${PROJECT_SOURCE_DIR}/src/gateway)

# Receipts and replies, read by the shipped profiles.
zc_cases(callbacks LINK zc_gateway)
target_compile_definitions(cases_callbacks PRIVATE ZHANCHI_GATEWAYS="${PROJECT_SOURCE_DIR}/conf/gateways")

foreach(name scheme scheme_verify encode)
  zc_unit(${name} LINK zc_gateway)
  target_include_directories(test_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src/gateway)
endforeach()

# The providers' own clients as witnesses; scripts/interop installs them.
add_test(NAME interop_signing COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/interop/interop.sh $<TARGET_FILE:cases_signing>)
set_tests_properties(interop_signing PROPERTIES LABELS interop)

# Shipped profiles, and the one of the guide.
add_test(NAME integration_profiles
         COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/integration/profiles.sh ${PROJECT_BINARY_DIR}/src ${PROJECT_SOURCE_DIR})
set_tests_properties(integration_profiles PROPERTIES LABELS integration)
# A real Kannel between us and an SMSC of the test's.
add_executable(slowsmsc ${CMAKE_CURRENT_SOURCE_DIR}/tools/slowsmsc.c)
target_link_libraries(slowsmsc PRIVATE zc_flags zc_httpd)
set(kannel ${CMAKE_CURRENT_SOURCE_DIR}/integration/kannel.sh ${PROJECT_BINARY_DIR}/src $<TARGET_FILE_DIR:slowsmsc>)
add_test(NAME integration_kannel COMMAND ${kannel})
add_test(NAME integration_kannel_sabotage_dlr_url COMMAND ${kannel} --sabotage dlr-url)
add_test(NAME integration_kannel_sabotage_resend COMMAND ${kannel} --sabotage resend)
set_tests_properties(integration_kannel integration_kannel_sabotage_dlr_url integration_kannel_sabotage_resend
  PROPERTIES LABELS integration TIMEOUT 600)

# The language of profiles: gateway_world.h.
foreach(name language signing errors answers reports callbacks)
  zc_unit(gateway_${name} LINK zc_gateway)
endforeach()

# Each provider from end to end, against the sandbox; and (once, in the plain build) that a profile which mistakes codes is caught.
set(providers ${CMAKE_CURRENT_SOURCE_DIR}/integration/providers.sh ${PROJECT_BINARY_DIR}/src)
function(zc_provider name)
  add_test(NAME integration_provider_${name} COMMAND ${providers} ${ARGN})
  set_tests_properties(integration_provider_${name} PROPERTIES LABELS integration TIMEOUT 300)
endfunction()
foreach(name aliyun aliyun-rpc tencent huawei huawei-wsse mas mas-template montnets chuanglan yunpian twilio webhook)
  zc_provider(${name} ${name})
  if(NOT CMAKE_C_FLAGS MATCHES sanitize)
    zc_provider(${name}_sabotage ${name} --sabotage class)
  endif()
endforeach()
if(NOT CMAKE_C_FLAGS MATCHES sanitize)
  foreach(name tencent mas montnets)
    zc_provider(${name}_sabotage_receipt ${name} --sabotage receipt)
  endforeach()
endif()
