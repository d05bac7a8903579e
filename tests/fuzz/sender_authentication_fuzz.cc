// Everything that judges a sender reads foreign bytes: the message's fields and what the DNS answers. The input is a message; a
// line "TYPE name record" before an empty line is what the DNS would answer. Whatever stands there, the judgement ends, asks a
// bounded number of questions, changes nothing but forged results, and is the same however the message was cut.
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include "adapters/smtp/authentication/message_check.h"
#include "adapters/smtp/authentication/tag_list.h"

namespace {

namespace authentication = telepost::adapters::smtp::authentication;
using Zone = std::multimap<authentication::Question, std::string>;

void require(bool holds) {
  if (!holds) std::abort();
}

Zone take_zone(std::string_view& input) {
  Zone zone;
  while (!input.empty()) {
    const std::size_t end = input.find('\n');
    const std::string_view line = input.substr(0, end);
    input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
    if (line.empty()) break;
    const std::size_t first = line.find(' ');
    const std::size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string_view type = line.substr(0, first);
    using Type = authentication::RecordType;
    const Type of = type == "A" ? Type::a : type == "AAAA" ? Type::aaaa : type == "MX" ? Type::mx : type == "PTR" ? Type::ptr : Type::txt;
    zone.emplace(authentication::Question{of, std::string(line.substr(first + 1, second - first - 1))}, line.substr(second + 1));
  }
  return zone;
}

authentication::Answer answer_of(const Zone& zone, const authentication::Question& question) {
  authentication::Answer answer;
  for (auto [at, end] = zone.equal_range(question); at != end; ++at) {
    answer.status = at->second == "!" ? authentication::Answer::Status::failed : authentication::Answer::Status::found;
    const bool is_address = question.type == authentication::RecordType::a || question.type == authentication::RecordType::aaaa;
    const auto address = authentication::ip_address_from(at->second);
    if (!is_address) answer.records.push_back(at->second);
    else if (address) answer.records.emplace_back(address->bytes());
  }
  return answer;
}

struct Judged {
  std::string stored;
  std::string field;
};

Judged judge(std::string_view message, const Zone& zone, std::size_t chunk) {
  authentication::MessageFacts facts;
  facts.envelope = {*authentication::ip_address_from("192.0.2.1"), "mx.a.test", "ann+x@a.test"};
  facts.authserv_id = "mx.test";
  facts.now = telepost::from_millis(1'800'000'000'000);
  authentication::MessageCheck check({}, std::move(facts));
  Judged judged;
  for (std::size_t at = 0; at < message.size(); at += chunk) judged.stored += check.see(message.substr(at, chunk));
  judged.stored += check.rest();
  authentication::DnsAnswers answers;
  for (std::size_t rounds = 0; !check.conclude(answers); ++rounds) {
    require(rounds < 200);
    const auto questions = answers.take_missing();
    require(!questions.empty());
    for (const auto& question : questions) answers.put(question, answer_of(zone, question));
    require(answers.size() < 400);
  }
  judged.field = check.field();
  return judged;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const Zone zone = take_zone(input);
  const Judged whole = judge(input, zone, input.size() + 1);
  const Judged cut = judge(input, zone, 1 + size % 7);
  require(whole.stored == cut.stored && whole.field == cut.field);
  require(whole.stored.size() <= input.size());
  // One field, whose line ends are followed by white space but for the last.
  for (std::size_t at = 0; (at = whole.field.find("\r\n", at)) != std::string::npos; at += 2) {
    require(at + 2 == whole.field.size() || whole.field[at + 2] == '\t');
  }
  // What was taken for ours is gone: a second pass finds nothing.
  require(judge(whole.stored, zone, 4096).stored == whole.stored);
  (void)authentication::parse_key_record(input);
  (void)authentication::parse_dmarc_record(input);
  (void)authentication::parse_spf_record(input);
  (void)authentication::TagList::parse(input);
  return 0;
}
