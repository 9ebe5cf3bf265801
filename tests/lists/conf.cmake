zc_unit(conf LINK zc_conf)
# The option table stands behind a private header; the manual page is held against it.
target_include_directories(test_conf PRIVATE ${PROJECT_SOURCE_DIR}/src/conf)
# Rule sets, read and applied.
zc_unit(lint LINK zc_conf zc_lint)
