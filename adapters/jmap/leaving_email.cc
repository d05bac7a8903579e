#include "adapters/jmap/leaving_email.h"

#include <algorithm>

#include "base/bytes.h"
#include "transcoders/mime/header.h"

namespace telepost::adapters::jmap {
namespace mime = transcoders::mime;

namespace {

bool stays_here(std::string_view field) {
  return equals_ignoring_case(field, "Bcc") || equals_ignoring_case(field, "Return-Path") || equals_ignoring_case(field, "Authentication-Results");
}

}  // namespace

Result<LeavingEmail> LeavingEmail::open(store::Store& store, schema::MessageId id, const schema::Summary& summary) {
  LeavingEmail email(store, id, summary.size_bytes);
  StoredEmail stored(store, id, summary, store::Purpose::store);
  TELEPOST_ASSIGN(email.header_, stored.header_bytes());
  const bool is_cut = !mime::header_size(email.header_) && email.header_.size() < email.size_bytes_;
  if (is_cut) return {Errc::invalid, "its header is too long"};
  email.header_eight_bit_ = !is_ascii(email.header_);
  TELEPOST_TRY(email.read(0, [&](std::string_view bytes) -> Result<void> {
    email.look_at(bytes);
    return {};
  }));
  if (email.last_ == '\r') email.bare_line_end_ = true;
  return email;
}

void LeavingEmail::look_at(std::string_view bytes) {
  watch_.see(bytes);
  eight_bit_ = eight_bit_ || !is_ascii(bytes);
  for (const char c : bytes) {
    if ((c == '\n') != (last_ == '\r')) bare_line_end_ = true;
    last_ = c;
  }
}

Result<void> LeavingEmail::read(std::uint64_t from, const std::function<Result<void>(std::string_view)>& sink) const {
  Result<void> taken;
  TELEPOST_TRY(store_->reader().source(id_, from, size_bytes_ - std::min(from, size_bytes_), {store::Purpose::subscriber}, [&](std::string_view bytes) {
    taken = sink(bytes);
    return taken.ok();
  }));
  return taken;
}

Result<void> LeavingEmail::give(const std::function<Result<void>(std::string_view)>& write) const {
  std::string header;
  std::size_t position = 0;
  for (mime::FieldView field; mime::next_field(header_, position, field);) {
    if (!stays_here(field.name)) header.append(header_, field.begin, field.end - field.begin);
  }
  if (!header.ends_with("\r\n") && !header.empty()) header += "\r\n";
  TELEPOST_TRY(write(header + "\r\n"));
  return read(header_.size(), write);
}

}  // namespace telepost::adapters::jmap
