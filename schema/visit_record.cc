#include "schema/visit_record.h"

#include <algorithm>

#include "schema/keys.h"
#include "schema/record_codec.h"

namespace telepost::schema {

namespace {
constexpr unsigned kVisitSequenceBits = 20;  // of a number; the milliseconds stand above them
}

std::string_view name_of(VisitRecord::Event event) {
  switch (event) {
    case VisitRecord::Event::login: return "login";
    case VisitRecord::Event::connection: return "connection";
    case VisitRecord::Event::started: return "started";
    case VisitRecord::Event::stopped: return "stopped";
  }
  return "";
}

std::string_view name_of(VisitRecord::Result result) {
  switch (result) {
    case VisitRecord::Result::accepted: return "accepted";
    case VisitRecord::Result::refused: return "refused";
  }
  return "";
}

std::string encode(const VisitRecord& r) {
  Encoder out;
  out.number(r.event).number(r.result).time(r.time).number(r.visit).text(r.listener).text(r.peer).number(r.account).text(r.name);
  out.text(r.method).text(r.reason).time(r.begun).number(r.bytes_in).number(r.bytes_out);
  return out.take();
}

Result<VisitRecord> decode_VisitRecord(std::string_view bytes) {
  using Event = VisitRecord::Event;
  VisitRecord r;
  Decoder in(bytes, "visit record");
  in.choice(r.event, Event::login, Event::stopped).choice(r.result, VisitRecord::Result::accepted, VisitRecord::Result::refused);
  in.time(r.time).number(r.visit).text(r.listener).text(r.peer).number(r.account).text(r.name).text(r.method).text(r.reason);
  in.time(r.begun).number(r.bytes_in).number(r.bytes_out);
  return in.finish(std::move(r));
}

namespace keys {

std::uint64_t first_visit_of(Time time) {
  constexpr std::int64_t kLast = (std::int64_t{1} << (63 - kVisitSequenceBits)) - 1;
  return static_cast<std::uint64_t>(std::clamp<std::int64_t>(to_millis(time), 0, kLast)) << kVisitSequenceBits;
}
Time visit_written(std::uint64_t number) { return from_millis(static_cast<std::int64_t>(number >> kVisitSequenceBits)); }

Partition visit_slice(std::uint64_t number) {
  const auto hour = std::chrono::duration_cast<std::chrono::hours>(visit_written(number).time_since_epoch()).count();
  return Partition::slice(PartitionKind::audit, static_cast<std::uint16_t>(hour % kAuditSlices));
}

std::string visit(std::uint64_t number) {
  std::string key(kVisits);
  ByteWriter(key).u64(number);
  return key;
}

}  // namespace keys

}  // namespace telepost::schema
