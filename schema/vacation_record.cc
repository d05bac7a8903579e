#include "schema/vacation_record.h"

#include "schema/record_codec.h"

namespace telepost::schema {
namespace {

void put(Encoder& out, const std::optional<Time>& time) {
  out.number(time.has_value());
  if (time) out.time(*time);
}
void put(Encoder& out, const std::optional<std::string>& text) {
  out.number(text.has_value());
  if (text) out.text(*text);
}
void take(Decoder& in, std::optional<Time>& time) {
  bool is_there = false;
  in.number(is_there);
  if (is_there) in.time(time.emplace());
}
void take(Decoder& in, std::optional<std::string>& text) {
  bool is_there = false;
  in.number(is_there);
  if (is_there) in.text(text.emplace());
}

}  // namespace

std::string encode(const VacationRecord& r) {
  Encoder out;
  out.number(r.enabled).number(r.modseq);
  put(out, r.from);
  put(out, r.to);
  put(out, r.subject);
  put(out, r.text);
  put(out, r.html);
  return out.take();
}
Result<VacationRecord> decode_VacationRecord(std::string_view bytes) {
  VacationRecord r;
  Decoder in(bytes, "vacation record");
  in.number(r.enabled).number(r.modseq);
  take(in, r.from);
  take(in, r.to);
  take(in, r.subject);
  take(in, r.text);
  take(in, r.html);
  return in.finish(std::move(r));
}

std::string encode(const AnsweredRecord& r) { return Encoder().time(r.when).take(); }
Result<AnsweredRecord> decode_AnsweredRecord(std::string_view bytes) {
  AnsweredRecord r;
  Decoder in(bytes, "answered record");
  in.time(r.when);
  return in.finish(std::move(r));
}

}  // namespace telepost::schema
