# Commands from outside.
if(ZHANCHI_FAILPOINTS)
  add_test(NAME integration_office
           COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/integration/office.sh ${PROJECT_BINARY_DIR}/src)
  set_tests_properties(integration_office PROPERTIES LABELS integration TIMEOUT 300)
endif()
# Emails through a real mail server, which the test runs by itself.
add_test(NAME integration_smtp COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/integration/smtp.sh ${PROJECT_BINARY_DIR}/src)
set_tests_properties(integration_smtp PROPERTIES LABELS integration TIMEOUT 300 SKIP_RETURN_CODE 77)
# In Chinese, with and without the locale.
add_test(NAME golden_chinese
         COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/golden/chinese.sh ${PROJECT_BINARY_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/golden)
set_tests_properties(golden_chinese PROPERTIES LABELS golden)
# No text without a translation, no translation without its text.
add_test(NAME golden_translations COMMAND ${PROJECT_SOURCE_DIR}/scripts/translate --check)
set_tests_properties(golden_translations PROPERTIES LABELS golden)
# The pages and --help say the same.
add_test(NAME golden_manual COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/golden/manual.sh ${PROJECT_BINARY_DIR}/src ${PROJECT_SOURCE_DIR})
set_tests_properties(golden_manual PROPERTIES LABELS golden)
# What --json prints.
add_test(NAME integration_json COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/integration/json.sh ${PROJECT_BINARY_DIR}/src)
set_tests_properties(integration_json PROPERTIES LABELS integration TIMEOUT 300)
# Template files with their partials, versions, what a campaign is bound to.
add_test(NAME integration_templates
         COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/integration/templates.sh ${PROJECT_BINARY_DIR}/src)
set_tests_properties(integration_templates PROPERTIES LABELS integration TIMEOUT 300)
add_test(NAME integration_audit_key
         COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/integration/audit_key.sh ${PROJECT_BINARY_DIR}/src)
set_tests_properties(integration_audit_key PROPERTIES LABELS integration TIMEOUT 300)
add_test(NAME integration_regions
         COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/integration/regions.sh ${PROJECT_BINARY_DIR}/src)
set_tests_properties(integration_regions PROPERTIES LABELS integration TIMEOUT 300)
# Policies: argued, compared, screened again.
add_test(NAME integration_policy
         COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/integration/policy.sh ${PROJECT_BINARY_DIR}/src)
set_tests_properties(integration_policy PROPERTIES LABELS integration TIMEOUT 300)
# The ledger of a list.
add_test(NAME integration_ledger
         COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/integration/ledger.sh ${PROJECT_BINARY_DIR}/src)
set_tests_properties(integration_ledger PROPERTIES LABELS integration TIMEOUT 300)
add_test(NAME integration_lint COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/integration/lint.sh ${PROJECT_BINARY_DIR}/src)
set_tests_properties(integration_lint PROPERTIES LABELS integration TIMEOUT 300)
add_test(NAME integration_preview COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/integration/preview.sh ${PROJECT_BINARY_DIR}/src)
set_tests_properties(integration_preview PROPERTIES LABELS integration TIMEOUT 300)
add_test(NAME integration_shipped
         COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/integration/shipped.sh ${PROJECT_BINARY_DIR}/src ${PROJECT_SOURCE_DIR})
set_tests_properties(integration_shipped PROPERTIES LABELS integration)
