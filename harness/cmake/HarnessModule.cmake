# SPDX-License-Identifier: GPL-2.0
# harness_module(NAME [DEPS module...] [PRIVATE_DEPS module...] [LIBS library...] [PRIVATE_LIBS library...]
#                [TEST_DEPS module...])
#
# One folder = one namespace = one target. Every .cc of the folder goes into the library
# pinrig_NAME, every *_test.cc into the test program NAME_test, and testing.cc with testing.h
# into pinrig_NAME_testing, for its own tests and those of modules that name it in TEST_DEPS.
# DEPS are other modules (the include rule that layering_test checks), LIBS are outside
# libraries; PRIVATE ones are not seen in the headers.
include(GoogleTest)

# main() of every test program.
add_library(pinrig_test_main OBJECT ${CMAKE_SOURCE_DIR}/harness/tests/test_main.cc)
target_link_libraries(pinrig_test_main PUBLIC GTest::gmock PRIVATE pinrig_settings pinrig_warnings pinrig_sanitizers)

# Half of a cold build is the same headers and templates once per file. In units of several files they are compiled
# once per unit, at the price of a unit for each change. Names in unnamed namespaces must then differ in a folder.
option(PINRIG_UNITY "Compile the files of a module in units of several" OFF)

# Writes units that include the given sources of a module, some 40 kB of text each, and sets OUT to their paths. CMake's
# own unity build includes sources by absolute path: to ccache, other text in each checkout. A source with a definition
# of its own (set before harness_module) stays by itself.
function(pinrig_units NAME OUT)
  set(limit 40000)
  set(units)
  set(texts)
  set(text "")
  set(bytes 0)
  foreach(source IN LISTS ARGN)
    get_source_file_property(definitions ${source} COMPILE_DEFINITIONS)
    if(definitions)
      list(APPEND units ${source})
      continue()
    endif()
    file(SIZE ${source} size)
    math(EXPR bytes "${bytes} + ${size}")
    if(bytes GREATER limit AND text)
      list(APPEND texts "${text}")
      set(text "")
      set(bytes ${size})
    endif()
    cmake_path(GET source FILENAME file)
    string(APPEND text "#include \"${NAME}/${file}\"\n")
  endforeach()
  list(APPEND texts "${text}")

  foreach(text IN LISTS texts)
    list(LENGTH units count)
    set(unit ${CMAKE_CURRENT_BINARY_DIR}/unit_${count}.cc)
    file(CONFIGURE OUTPUT ${unit} CONTENT "${text}" @ONLY)
    list(APPEND units ${unit})
  endforeach()
  set(${OUT} ${units} PARENT_SCOPE)
endfunction()

function(harness_module NAME)
  cmake_parse_arguments(ARG "" "" "DEPS;PRIVATE_DEPS;LIBS;PRIVATE_LIBS;TEST_DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "(_test|/testing)\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(TRANSFORM ARG_DEPS PREPEND pinrig_ OUTPUT_VARIABLE deps)
  list(TRANSFORM ARG_PRIVATE_DEPS PREPEND pinrig_ OUTPUT_VARIABLE private_deps)
  list(TRANSFORM ARG_TEST_DEPS REPLACE "(.+)" "pinrig_\\1_testing" OUTPUT_VARIABLE test_deps)

  if(sources)
    if(PINRIG_UNITY)
      pinrig_units(${NAME} sources ${sources})
    endif()
    add_library(pinrig_${NAME} STATIC ${sources})
    target_link_libraries(pinrig_${NAME}
      PUBLIC pinrig_settings ${deps} ${ARG_LIBS}
      PRIVATE ${private_deps} ${ARG_PRIVATE_LIBS} pinrig_warnings pinrig_sanitizers)
    if(PINRIG_UNITY)
      # A local variable may have the name of another file's function.
      target_compile_options(pinrig_${NAME} PRIVATE -Wno-shadow)
    endif()
  else()
    add_library(pinrig_${NAME} INTERFACE)
    target_link_libraries(pinrig_${NAME} INTERFACE pinrig_settings ${deps} ${ARG_LIBS})
  endif()

  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/testing.cc)
    add_library(pinrig_${NAME}_testing STATIC testing.cc)
    target_link_libraries(pinrig_${NAME}_testing
      PUBLIC pinrig_${NAME} GTest::gmock PRIVATE pinrig_warnings pinrig_sanitizers)
    target_compile_definitions(pinrig_${NAME}_testing PRIVATE
      PINRIG_SOURCE_DIR="${CMAKE_SOURCE_DIR}" PINRIG_TESTDATA="${CMAKE_CURRENT_SOURCE_DIR}/testdata")
    list(APPEND test_deps pinrig_${NAME}_testing)
  elseif(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/testing.h)
    add_library(pinrig_${NAME}_testing INTERFACE)
    target_link_libraries(pinrig_${NAME}_testing INTERFACE pinrig_${NAME} GTest::gmock)
    list(APPEND test_deps pinrig_${NAME}_testing)
  endif()

  if(tests)
    add_executable(${NAME}_test ${tests})
    target_link_libraries(${NAME}_test PRIVATE
      pinrig_${NAME} ${test_deps} ${private_deps} ${ARG_PRIVATE_LIBS} pinrig_test_main
      pinrig_warnings pinrig_sanitizers)
    target_compile_definitions(${NAME}_test PRIVATE
      PINRIG_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
      PINRIG_TESTDATA="${CMAKE_CURRENT_SOURCE_DIR}/testdata")
    gtest_discover_tests(${NAME}_test TEST_PREFIX "${NAME}." DISCOVERY_TIMEOUT 60)
  endif()
endfunction()
