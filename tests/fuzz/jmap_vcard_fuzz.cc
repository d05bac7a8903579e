// A file of vCards from its bytes on: whatever is read as a line is written so that it is read as the same again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "adapters/jmap/vcard_codec.h"

namespace {

using namespace telepost::adapters::jmap;

// As the writer says them: what no line can hold is left out.
auto writable(const VcardLine& line) {
  auto parameters = line.parameters;
  for (auto& [name, values] : parameters) {
    for (std::string& value : values) std::erase_if(value, [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n'; });
  }
  return parameters;
}

void expect_same_again(const VcardLine& line) {
  const std::string text = "BEGIN:VCARD\r\nVERSION:4.0\r\n" + to_text(line) + "END:VCARD\r\n";
  VcardReader reader(text);
  const auto again = reader.next();
  if (!again.ok() || again->size() != 1) std::abort();
  const VcardLine& same = again->front();
  if (same.group != line.group || same.name != line.name || same.value != line.value || same.parameters != writable(line)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  VcardReader reader(text);
  while (!reader.is_done()) {
    const std::size_t before = reader.bytes_left();
    const auto vcard = reader.next();
    if (reader.bytes_left() >= before) std::abort();
    if (!vcard.ok()) continue;
    for (const VcardLine& line : *vcard) {
      const bool is_plain = line.name != "VERSION" && line.name != "BEGIN" && line.name != "END" && line.value.find_first_of("\r\n") == std::string::npos;
      if (is_plain && to_text(line).size() < kMostVcardBytes / 2) expect_same_again(line);
      (void)vcard_structure(line.value);
      (void)vcard_text(line.value);
    }
  }
  return 0;
}
