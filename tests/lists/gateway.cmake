zc_unit(httpd LINK zc_httpd)
zc_unit(transport LINK zc_gateway)
zc_unit(gateway LINK zc_gateway)

add_executable(bench_gateway ${CMAKE_CURRENT_SOURCE_DIR}/bench/bench_gateway.c)
target_link_libraries(bench_gateway PRIVATE zc_flags zc_gateway)
