// Documents, annotations, exports and policies from hostile bytes: whatever is read is written the same way
// again.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "schema/annotation.h"
#include "schema/class_of_service.h"
#include "schema/document.h"
#include "schema/export.h"

namespace {

using namespace telepost;
using namespace telepost::schema;

void require(bool condition) {
  if (!condition) std::abort();
}

class Ignore final : public ImportHandler {
 public:
  Result<void> document(const Document&) override { return {}; }
  Result<void> annotation(const Annotation&) override { return {}; }
  Result<void> state(const ExportedState&) override { return {}; }
  Result<void> content(std::string_view) override { return {}; }
};

void import(std::string_view xml) {
  Ignore ignore;
  const auto source = [rest = xml](char* bytes, std::size_t size) mutable -> Result<std::size_t> {
    const std::size_t count = rest.copy(bytes, size);
    rest.remove_prefix(count);
    return count;
  };
  static_cast<void>(read_export(source, ignore, {.content_bytes = 1 << 20}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size_bytes) {
  const std::string_view xml(reinterpret_cast<const char*>(bytes), size_bytes);
  if (const auto document = read_document(xml); document.ok()) {
    const std::string written = write_document(*document);
    require(validate_document(written).ok());
    const auto again = read_document(written);
    require(again.ok() && *again == *document);
  }
  if (const auto annotation = read_annotation(xml); annotation.ok()) {
    const auto again = read_annotation(write_annotation(*annotation));
    require(again.ok() && *again == *annotation);
  }
  import(xml);
  ClassSet classes;
  static_cast<void>(read_classes(xml, "fuzz.xml", classes));
  return 0;
}
