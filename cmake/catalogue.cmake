# Compiles data/catalogue/*.json into the profile library as it stands (assembler's .incbin), so that
# adding a configuration key is adding a row of data.
# Included after sallyport_library(profile ...).
set(CATALOGUE_JSON ${CMAKE_SOURCE_DIR}/data/catalogue/claude-desktop-keys.json)
set(CATALOGUE_UNIT ${CMAKE_BINARY_DIR}/catalogue_data.cc)
file(CONFIGURE OUTPUT ${CATALOGUE_UNIT} @ONLY CONTENT [[
#include <string_view>
__asm__(
    ".section .rodata\n"
    ".global sallyport_catalogue_begin\n"
    ".global sallyport_catalogue_end\n"
    "sallyport_catalogue_begin:\n"
    ".incbin \"@CATALOGUE_JSON@\"\n"
    "sallyport_catalogue_end:\n"
    ".byte 0\n"
    ".text\n");
extern "C" const char sallyport_catalogue_begin[];
extern "C" const char sallyport_catalogue_end[];
namespace sallyport::profile {
std::string_view catalogue_json() {
  return {sallyport_catalogue_begin,
          static_cast<std::size_t>(sallyport_catalogue_end - sallyport_catalogue_begin)};
}
}  // namespace sallyport::profile
]])
set_source_files_properties(${CATALOGUE_UNIT} PROPERTIES OBJECT_DEPENDS ${CATALOGUE_JSON}
  SKIP_PRECOMPILE_HEADERS ON)
target_sources(sallyport_profile PRIVATE ${CATALOGUE_UNIT})
