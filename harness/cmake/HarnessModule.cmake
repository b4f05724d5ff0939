# SPDX-License-Identifier: GPL-2.0
# harness_module(NAME [DEPS module...] [LIBS library...])
#
# One folder = one namespace = one target. Every .cc of the folder goes into the library
# pinrig_NAME, every *_test.cc into the test program NAME_test. DEPS are other modules
# (the include rule that layering_test checks), LIBS are outside libraries.
include(GoogleTest)

function(harness_module NAME)
  cmake_parse_arguments(ARG "" "" "DEPS;LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(TRANSFORM ARG_DEPS PREPEND pinrig_ OUTPUT_VARIABLE deps)

  if(sources)
    add_library(pinrig_${NAME} STATIC ${sources})
    target_link_libraries(pinrig_${NAME}
      PUBLIC pinrig_settings ${deps} ${ARG_LIBS}
      PRIVATE pinrig_warnings pinrig_sanitizers)
  else()
    add_library(pinrig_${NAME} INTERFACE)
    target_link_libraries(pinrig_${NAME} INTERFACE pinrig_settings ${deps} ${ARG_LIBS})
  endif()

  if(tests)
    add_executable(${NAME}_test ${tests})
    target_link_libraries(${NAME}_test PRIVATE
      pinrig_${NAME} pinrig_warnings pinrig_sanitizers GTest::gmock GTest::gtest_main)
    target_compile_definitions(${NAME}_test PRIVATE
      PINRIG_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
      PINRIG_TESTDATA="${CMAKE_CURRENT_SOURCE_DIR}/testdata")
    gtest_discover_tests(${NAME}_test TEST_PREFIX "${NAME}." DISCOVERY_TIMEOUT 60)
  endif()
endfunction()
