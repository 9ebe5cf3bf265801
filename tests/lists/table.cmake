zc_unit(table LINK zc_table)
zc_unit(columns LINK zc_table)
zc_unit(cells LINK zc_table)
zc_cases(csv LINK zc_table)
zc_cases(gb18030 LINK zc_table)
# The decoder by itself, below the reader that takes its text apart.
target_include_directories(cases_gb18030 PRIVATE ${PROJECT_SOURCE_DIR}/src/table)
