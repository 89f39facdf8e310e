# Compiles data/api/examples/*.json into the administrator's library as they stand (assembler's
# .incbin): real answers of the API, for its OpenAPI document. tests/conformance/openapi writes them.
# Included after sallyport_library(admin ...).
file(GLOB api_examples CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/data/api/examples/*.json)
set(API_EXAMPLE_BYTES)
set(API_EXAMPLE_NAMES)
set(API_EXAMPLE_ROWS)
foreach(path ${api_examples})
  get_filename_component(name ${path} NAME_WE)
  string(APPEND API_EXAMPLE_BYTES
    "    \".global sallyport_api_${name}_begin\\n\"\n    \".global sallyport_api_${name}_end\\n\"\n"
    "    \"sallyport_api_${name}_begin:\\n\"\n    \".incbin \\\"${path}\\\"\\n\"\n"
    "    \"sallyport_api_${name}_end:\\n\"\n    \".byte 0\\n\"\n")
  string(APPEND API_EXAMPLE_NAMES
    "extern \"C\" const char sallyport_api_${name}_begin[];\n"
    "extern \"C\" const char sallyport_api_${name}_end[];\n")
  string(APPEND API_EXAMPLE_ROWS
    "  if (id == \"${name}\") return between(sallyport_api_${name}_begin, sallyport_api_${name}_end);\n")
endforeach()
set(API_EXAMPLES_UNIT ${CMAKE_BINARY_DIR}/api_examples_data.cc)
file(CONFIGURE OUTPUT ${API_EXAMPLES_UNIT} @ONLY CONTENT [==[
#include <string_view>
__asm__(
    ".section .rodata\n"
@API_EXAMPLE_BYTES@    ".text\n");
@API_EXAMPLE_NAMES@namespace sallyport::admin {
namespace {
[[maybe_unused]] std::string_view between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}
}  // namespace
std::string_view api_example(std::string_view id);
std::string_view api_example([[maybe_unused]] std::string_view id) {
@API_EXAMPLE_ROWS@  return {};
}
}  // namespace sallyport::admin
]==])
set_source_files_properties(${API_EXAMPLES_UNIT} PROPERTIES OBJECT_DEPENDS "${api_examples}"
  SKIP_PRECOMPILE_HEADERS ON)
target_sources(sallyport_admin PRIVATE ${API_EXAMPLES_UNIT})
