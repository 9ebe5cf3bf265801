zc_unit(campaign LINK zc_campaign m)
# Its pure parts stand behind a private header.
target_include_directories(test_campaign PRIVATE ${PROJECT_SOURCE_DIR}/src/campaign)

# The same room on a real store.
add_executable(test_freeze ${CMAKE_CURRENT_SOURCE_DIR}/integration/test_campaign.c
               ${CMAKE_CURRENT_SOURCE_DIR}/contract/contract.c)
target_link_libraries(test_freeze PRIVATE zc_flags zc_campaign PkgConfig::SQLITE PkgConfig::CHECK)
add_test(NAME integration_campaign COMMAND test_freeze)
set_tests_properties(integration_campaign PROPERTIES LABELS integration
  ENVIRONMENT "ZHANCHI_SOURCE_DIR=${PROJECT_SOURCE_DIR}")
