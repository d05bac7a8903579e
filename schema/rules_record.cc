#include "schema/rules_record.h"

#include "schema/record_codec.h"

namespace telepost::schema {
namespace {

void put_size(Encoder& out, const std::optional<std::uint64_t>& size) {
  out.number(size.has_value());
  if (size) out.number(*size);
}
void take_size(Decoder& in, std::optional<std::uint64_t>& size) {
  bool is_there = false;
  in.number(is_there);
  if (is_there) in.number(size.emplace());
}

void put_condition(Encoder& out, const RuleCondition& c) {
  out.list(c.kinds, [](Encoder& each, Kind kind) { each.number(kind); }).texts(c.senders);
  out.number(!c.withheld ? 0 : *c.withheld ? 1 : 2);
  out.texts(c.recipients).text(c.header).text(c.text);
  put_size(out, c.min_size);
  put_size(out, c.max_size);
}
void take_condition(Decoder& in, RuleCondition& c) {
  in.list(c.kinds, [](Decoder& each, Kind& kind) { each.choice(kind, Kind::email, Kind::text); }).texts(c.senders);
  enum class Withheld : std::uint8_t { unasked, yes, no } withheld = Withheld::unasked;
  in.choice(withheld, Withheld::unasked, Withheld::no);
  if (withheld != Withheld::unasked) c.withheld = withheld == Withheld::yes;
  in.texts(c.recipients).text(c.header).text(c.text);
  take_size(in, c.min_size);
  take_size(in, c.max_size);
}

void put_answer(Encoder& out, const AnswerRecord& r) {
  out.number(r.subject.has_value());
  if (r.subject) out.text(*r.subject);
  out.text(r.text).number(r.days);
}
void take_answer(Decoder& in, AnswerRecord& r) {
  bool is_there = false;
  in.number(is_there);
  if (is_there) in.text(r.subject.emplace());
  in.text(r.text).number(r.days);
}

void put_rule(Encoder& out, const DeliveryRule& r) {
  out.text(r.name).number(r.enabled).number(r.any).list(r.conditions, put_condition).number(r.block).number(r.mailbox.has_value());
  if (r.mailbox) out.text(*r.mailbox);
  out.texts(r.keywords).number(r.forward.has_value());
  if (r.forward) out.texts(r.forward->to).number(r.forward->keeps);
  out.number(r.answer.has_value());
  if (r.answer) put_answer(out, *r.answer);
  out.number(r.stop);
}
void take_rule(Decoder& in, DeliveryRule& r) {
  bool has_mailbox = false, has_forward = false, has_answer = false;
  in.text(r.name).number(r.enabled).number(r.any).list(r.conditions, take_condition).number(r.block).number(has_mailbox);
  if (has_mailbox) in.text(r.mailbox.emplace());
  in.texts(r.keywords).number(has_forward);
  if (has_forward) {
    RuleForward& forward = r.forward.emplace();
    in.texts(forward.to).number(forward.keeps);
  }
  in.number(has_answer);
  if (has_answer) take_answer(in, r.answer.emplace());
  in.number(r.stop);
}

}  // namespace

std::string encode(const AnswerRecord& r) {
  Encoder out;
  put_answer(out, r);
  return out.take();
}
Result<AnswerRecord> decode_AnswerRecord(std::string_view bytes) {
  AnswerRecord r;
  Decoder in(bytes, "answer");
  take_answer(in, r);
  return in.finish(std::move(r));
}

std::string encode(const RulesRecord& r) { return Encoder().number(r.modseq).list(r.rules, put_rule).take(); }
Result<RulesRecord> decode_RulesRecord(std::string_view bytes) {
  RulesRecord r;
  Decoder in(bytes, "rules record");
  in.number(r.modseq).list(r.rules, take_rule);
  return in.finish(std::move(r));
}

}  // namespace telepost::schema
