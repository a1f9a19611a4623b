include(GoogleTest)

# tocsin_module(NAME ledger DEPS base LIBRARIES absl::flat_hash_map)
#   src/NAME/*.cc become library tocsin_NAME; tests/NAME/*_test.cc become test binary NAME_test.
#   DEPS are modules of ours, LIBRARIES foreign ones (PRIVATE: nobody else may include them).
function(tocsin_module)
  cmake_parse_arguments(M "" "NAME" "DEPS;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${M_NAME}/*.cc)
  list(TRANSFORM M_DEPS PREPEND tocsin_)
  add_library(tocsin_${M_NAME} STATIC ${sources})
  target_link_libraries(tocsin_${M_NAME} PUBLIC tocsin_flags ${M_DEPS} PRIVATE ${M_LIBRARIES})
  file(GLOB tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${M_NAME}/*_test.cc)
  if(tests)
    add_executable(${M_NAME}_test ${tests})
    target_link_libraries(${M_NAME}_test PRIVATE tocsin_${M_NAME} ${M_LIBRARIES} nlohmann_json::nlohmann_json
      rapidcheck rapidcheck_gtest GTest::gmock GTest::gtest_main)
    target_compile_definitions(${M_NAME}_test PRIVATE TOCSIN_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    gtest_discover_tests(${M_NAME}_test DISCOVERY_MODE PRE_TEST PROPERTIES LABELS unit)
  endif()
endfunction()
