zc_unit(table LINK zc_table)
zc_unit(columns LINK zc_table)
zc_unit(cells LINK zc_table)
zc_cases(csv LINK zc_table)
add_test(NAME cases_csv_papaparse COMMAND cases_csv papaparse)
set_tests_properties(cases_csv_papaparse PROPERTIES LABELS cases SKIP_RETURN_CODE 77)
zc_cases(gb18030 LINK zc_table)
# The decoder by itself, below the reader that takes its text apart.
target_include_directories(cases_gb18030 PRIVATE ${PROJECT_SOURCE_DIR}/src/table)
