#include "schema/hold_record.h"

#include "base/bytes.h"
#include "schema/record_codec.h"

namespace telepost::schema {
namespace {

void write(Encoder& out, const Limit& limit) {
  out.number(limit.has_value());
  if (limit) out.number(*limit);
}

void read(Decoder& in, Limit& limit) {
  bool has = false;
  in.number(has);
  if (has) in.number(limit.emplace());
}

std::string numbers(char letter, std::uint64_t first) {
  std::string key(1, letter);
  ByteWriter(key).u64(first);
  return key;
}

std::string numbers(char letter, std::uint64_t first, std::uint64_t second) {
  std::string key = numbers(letter, first);
  ByteWriter(key).u64(second);
  return key;
}

}  // namespace

std::string encode(const HoldRecord& r) {
  Encoder out;
  out.number(r.state).time(r.created).number(r.account).text(r.reason);
  out.number(r.when.kinds).text(r.when.mailbox).number(r.when.role.has_value());
  if (r.when.role) out.number(*r.when.role);
  out.text(r.when.sender);
  write(out, r.when.larger_bytes);
  write(out, r.when.smaller_bytes);
  return out.text(r.when.flag).text(r.when.without_flag).text(r.when.header).text(r.when.matches).take();
}

Result<HoldRecord> decode_HoldRecord(std::string_view bytes) {
  HoldRecord r;
  Decoder in(bytes, "hold");
  in.choice(r.state, HoldRecord::State::active, HoldRecord::State::releasing).time(r.created).number(r.account).text(r.reason);
  bool has_role = false;
  in.number(r.when.kinds).text(r.when.mailbox).number(has_role);
  if (has_role) in.choice(r.when.role.emplace(), Role::none, Role::archive);
  in.text(r.when.sender);
  read(in, r.when.larger_bytes);
  read(in, r.when.smaller_bytes);
  in.text(r.when.flag).text(r.when.without_flag).text(r.when.header).text(r.when.matches);
  return in.finish(std::move(r));
}

std::string to_string(const HoldRecord& record) {
  std::string text = record.account.value == 0 ? "every account" : "account " + to_string(record.account);
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!value.empty()) text.append(", ").append(name).append(" ").append(value);
  };
  const When& when = record.when;
  for (std::size_t kind = 1; kind < kKinds; ++kind) {
    if ((when.kinds >> kind & 1u) != 0) add("kind", name_of(static_cast<Kind>(kind)));
  }
  add("mailbox", when.mailbox);
  if (when.role) add("role", name_of(*when.role));
  add("sender", when.sender);
  if (when.larger_bytes) add("larger than", std::to_string(*when.larger_bytes));
  if (when.smaller_bytes) add("smaller than", std::to_string(*when.smaller_bytes));
  add("with", when.flag);
  add("without", when.without_flag);
  add("header", when.header);
  add("matching", when.matches);
  return text;
}

std::string keys::hold(std::uint64_t hold) { return numbers('H', hold); }
std::string keys::accounts_under(std::uint64_t hold) { return numbers('P', hold); }
std::string keys::account_under(std::uint64_t hold, AccountId account) { return numbers('P', hold, account.value); }
std::string keys::account_held(std::uint64_t hold) { return numbers('U', hold); }

}  // namespace telepost::schema
