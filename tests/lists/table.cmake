zc_unit(table LINK zc_table)
zc_unit(columns LINK zc_table)
zc_unit(cells LINK zc_table)
zc_cases(csv LINK zc_table)
add_test(NAME cases_csv_papaparse COMMAND cases_csv papaparse)
set_tests_properties(cases_csv_papaparse PROPERTIES LABELS cases SKIP_RETURN_CODE 77)
zc_cases(gb18030 LINK zc_table)
# The decoder by itself, below the reader that takes its text apart.
target_include_directories(cases_gb18030 PRIVATE ${PROJECT_SOURCE_DIR}/src/table)
zc_unit(workbook LINK zc_table PkgConfig::ZIP)
zc_unit(xls LINK zc_table)
# What the process may that reads it stands behind a private header.
target_include_directories(test_xls PRIVATE ${PROJECT_SOURCE_DIR}/src/table)

# What other programs write, read by the command.
find_library(XLSXWRITER_LIBRARY xlsxwriter REQUIRED)
add_executable(mkxlsx ${CMAKE_CURRENT_SOURCE_DIR}/tools/mkxlsx.c)
target_compile_definitions(mkxlsx PRIVATE _GNU_SOURCE)
target_link_libraries(mkxlsx PRIVATE ${XLSXWRITER_LIBRARY})
add_test(NAME integration_tables
         COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/integration/tables.sh ${PROJECT_BINARY_DIR}/src $<TARGET_FILE_DIR:mkxlsx>
                 ${CMAKE_CURRENT_SOURCE_DIR}/data/tables ${PROJECT_SOURCE_DIR}/build/interop)
set_tests_properties(integration_tables PROPERTIES LABELS integration TIMEOUT 300)
