// What an S3 server answers, and names in its list: a name that is read is written the same way.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "adapters/s3/codec.h"
#include "schema/archive_name.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)telepost::adapters::s3::read_list_page(text);
  (void)telepost::adapters::s3::error_code_of(text);
  const auto name = telepost::schema::archive_name_from(text);
  if (name.ok() && telepost::schema::to_string(*name) != text) std::abort();
  return 0;
}
