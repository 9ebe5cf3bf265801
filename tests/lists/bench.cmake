# Programs for scripts/bench; no timed tests.
foreach(name bare mhd run)
  add_executable(bench_${name} ${CMAKE_CURRENT_SOURCE_DIR}/bench/bench_${name}.c)
  target_link_libraries(bench_${name} PRIVATE zc_flags)
endforeach()
target_link_libraries(bench_bare PRIVATE PkgConfig::CURL)
target_link_libraries(bench_mhd PRIVATE PkgConfig::MHD)
add_executable(bench_render ${CMAKE_CURRENT_SOURCE_DIR}/bench/bench_render.c)
target_link_libraries(bench_render PRIVATE zc_flags zc_template)
