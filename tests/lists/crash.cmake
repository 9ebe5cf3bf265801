# Crash loops: label crash. scripts/crash runs 200 rounds.
set(crash ${CMAKE_CURRENT_SOURCE_DIR}/crash/crash.sh ${PROJECT_BINARY_DIR}/src)
if(ZHANCHI_FAILPOINTS)
  add_test(NAME crash COMMAND ${crash} 25 20261)
  add_test(NAME crash_batch COMMAND ${CMAKE_COMMAND} -E env batch=20 ${crash} 8 20262)
  add_test(NAME crash_restore COMMAND ${CMAKE_COMMAND} -E env restore=1 ${crash} 12 20265)
  add_test(NAME crash_sabotage_guard COMMAND ${crash} 3 20263 --sabotage no-handover-guard)
  add_test(NAME crash_sabotage_requeue COMMAND ${crash} 6 20264 --sabotage requeue-sending)
  # A database put back by hand.
  set(old_copy ${CMAKE_CURRENT_SOURCE_DIR}/crash/old_copy.sh ${PROJECT_BINARY_DIR}/src)
  add_test(NAME crash_old_copy COMMAND ${old_copy} 3)
  add_test(NAME crash_sabotage_epoch COMMAND ${old_copy} 1 --sabotage no-epoch-file)
  set_tests_properties(crash crash_batch crash_restore crash_sabotage_guard crash_sabotage_requeue crash_old_copy crash_sabotage_epoch
    PROPERTIES LABELS crash TIMEOUT 600)
endif()
