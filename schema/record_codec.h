// How records are laid out: a version byte, then fields as varints, length-prefixed texts and fixed-width times.
// Used by the files that define records; nobody else.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/sha256.h"
#include "base/strong.h"
#include "schema/message_records.h"
#include "schema/records.h"

namespace telepost::schema {

inline constexpr std::uint8_t kRecordVersion = 1;

// Writes a record's fields behind its version byte.
class Encoder {
 public:
  Encoder() : writer_(bytes_) {
    bytes_.reserve(128);
    writer_.u8(kRecordVersion);
  }
  template <std::integral Int>
  Encoder& number(Int value) {
    writer_.varint(static_cast<std::uint64_t>(value));
    return *this;
  }
  template <typename Tag, typename Rep>
  Encoder& number(Strong<Tag, Rep> id) { return number(id.value); }
  template <typename Enum>
    requires std::is_enum_v<Enum>
  Encoder& number(Enum value) { return number(static_cast<std::uint64_t>(value)); }
  Encoder& time(Time value) {
    writer_.u64(static_cast<std::uint64_t>(to_millis(value)));
    return *this;
  }
  Encoder& text(std::string_view value) {
    writer_.text(value);
    return *this;
  }
  Encoder& digest(const Digest& value) {
    writer_.raw(value.view());
    return *this;
  }
  template <typename List, typename Each>
  Encoder& list(const List& values, Each each) {
    number(values.size());
    for (const auto& value : values) each(*this, value);
    return *this;
  }
  Encoder& placements(const std::vector<Placement>& values) {
    return list(values, [](Encoder& out, const Placement& p) { out.number(p.mailbox).number(p.uid); });
  }
  Encoder& front(const OrderFront& value) {
    return number(value.block_messages).number(value.group_messages).number(value.group_blocks).text(value.newest)
        .text(value.block_upper).text(value.group_upper);
  }
  Encoder& texts(const std::vector<std::string>& values) {
    return list(values, [](Encoder& out, const std::string& value) { out.text(value); });
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
  ByteWriter writer_;
};

// Reads them back; finish() tells whether the bytes were exactly one record of a known version.
class Decoder {
 public:
  Decoder(std::string_view bytes, std::string_view record) : reader_(bytes), record_(record), version_(reader_.u8()) {}
  template <typename Field>
  Decoder& number(Field& field) {
    const std::uint64_t value = reader_.varint();
    if constexpr (requires { field.value; }) {
      field.value = narrow<decltype(field.value)>(value);
    } else if constexpr (std::is_enum_v<Field>) {
      field = static_cast<Field>(narrow<std::underlying_type_t<Field>>(value));
    } else {
      field = narrow<Field>(value);
    }
    return *this;
  }
  template <typename Enum>
  Decoder& choice(Enum& field, Enum first, Enum last) {  // refuses numbers outside the enumeration
    number(field);
    if (field < first || field > last) bad_ = true;
    return *this;
  }
  Decoder& time(Time& field) {
    field = from_millis(static_cast<std::int64_t>(reader_.u64()));
    return *this;
  }
  Decoder& text(std::string& field) {
    field = reader_.text();
    return *this;
  }
  Decoder& digest(Digest& field) {
    const std::string_view bytes = reader_.raw(32);
    if (bytes.size() == 32) field = digest_from_bytes(bytes);
    return *this;
  }
  // The count is trusted only as far as bytes follow, so that a bad one costs no memory.
  template <typename Item, typename Each>
  Decoder& list(std::vector<Item>& field, Each each) {
    const std::uint64_t size = reader_.varint();
    if (size > reader_.rest().size()) bad_ = true;
    for (std::uint64_t i = 0; i < size && !bad_ && !reader_.failed(); ++i) each(*this, field.emplace_back());
    return *this;
  }
  Decoder& placements(std::vector<Placement>& field) {
    return list(field, [](Decoder& in, Placement& p) { in.number(p.mailbox).number(p.uid); });
  }
  Decoder& front(OrderFront& field) {
    return number(field.block_messages).number(field.group_messages).number(field.group_blocks).text(field.newest)
        .text(field.block_upper).text(field.group_upper);
  }
  Decoder& texts(std::vector<std::string>& field) {
    return list(field, [](Decoder& in, std::string& value) { in.text(value); });
  }

  bool more() const { return !reader_.failed() && !reader_.rest().empty(); }

  template <typename Record>
  Result<Record> finish(Record&& record) {
    if (version_ != kRecordVersion || bad_ || !reader_.done()) {
      return {Errc::corrupt, std::string("bytes that are no ") + std::string(record_)};
    }
    return std::forward<Record>(record);
  }

 private:
  template <typename Int>
  Int narrow(std::uint64_t value) {
    if constexpr (std::is_same_v<Int, bool>) {
      return value != 0;
    } else {
      if (!std::in_range<Int>(value)) bad_ = true;
      return static_cast<Int>(value);
    }
  }
  ByteReader reader_;
  std::string_view record_;
  std::uint8_t version_;
  bool bad_ = false;
};

}  // namespace telepost::schema
