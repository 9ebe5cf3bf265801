zc_unit(measure LINK zc_measure)
# Its pure parts stand behind a private header.
target_include_directories(test_measure PRIVATE ${PROJECT_SOURCE_DIR}/src/measure)
