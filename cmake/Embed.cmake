# tocsin_embed(TARGET FILE...): the files' bytes as functions of app/embedded.h, so that the demonstration needs nothing
# but the binary. Run as a script with -DOUT= -DFILES= it writes the source.
if(CMAKE_SCRIPT_MODE_FILE)
  set(body "#include \"app/embedded.h\"\n\n#include <array>\n\nnamespace tocsin::app {\nnamespace {\n")
  set(table "")
  foreach(file IN LISTS FILES)
    get_filename_component(name ${file} NAME)
    string(MAKE_C_IDENTIFIER ${name} id)
    file(READ ${file} hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
    string(APPEND body "const unsigned char k_${id}[] = {${bytes}};\n")
    string(APPEND table "    if (name == \"${name}\") return {reinterpret_cast<const char*>(k_${id}), sizeof k_${id}};\n")
  endforeach()
  file(WRITE ${OUT} "${body}}  // namespace\n\nstd::string_view embedded(std::string_view name) {\n${table}    return {};\n}\n\n}  // namespace tocsin::app\n")
  return()
endif()

function(tocsin_embed target)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/embedded.cc)
  add_custom_command(OUTPUT ${out} DEPENDS ${ARGN} ${PROJECT_SOURCE_DIR}/cmake/Embed.cmake VERBATIM
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} "-DFILES=${ARGN}" -P ${PROJECT_SOURCE_DIR}/cmake/Embed.cmake)
  target_sources(${target} PRIVATE ${out})
endfunction()
