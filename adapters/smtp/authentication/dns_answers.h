// What is known of the DNS while a message is judged. The judgement is a pure function of the message and of these answers:
// where one is missing it notes the question and ends without a result, and is asked again when the answer is there. So SPF,
// DKIM and DMARC need neither sockets nor coroutines, all that can be asked at one time is, and a test's DNS is a map.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/smtp/authentication/ip_address.h"

namespace telepost::adapters::smtp::authentication {

enum class RecordType : std::uint8_t { a, aaaa, mx, txt, ptr };
std::string_view name_of(RecordType type);  // "A", "AAAA" …

struct Question {
  RecordType type;
  std::string name;  // lower case, without the last dot, 1 to 253 octets in labels of 1 to 63; of ptr the reversed name
  auto operator<=>(const Question&) const = default;
};

struct Answer {
  enum class Status : std::uint8_t {
    found,
    nothing,  // no such name, or no such record
    failed,   // no answer in time, or one that is none
    too_many, // not asked for: the message has led to kMostQuestions already
  } status = Status::nothing;
  // a and aaaa: 4 or 16 octets; mx: the exchanges, best first; txt: each record's strings joined; ptr: names.
  std::vector<std::string> records;
};

// Of one message. What a stranger writes decides who is asked what: 8 keys of signatures and 2 names for a policy, which are asked
// for at first, leave 30 for SPF, and what is left then is for the chain of ARC.
inline constexpr std::size_t kMostQuestions = 40;

// One message's; one thread at a time.
class DnsAnswers {
 public:
  // Null: not known yet, and among the missing from now on. A name that cannot be asked for (empty, a label too long) is
  // answered with nothing, one question more than kMostQuestions with too_many. The answer lives as long as this.
  const Answer* find(RecordType type, std::string_view name);

  void put(const Question& question, Answer answer) { known_[question] = std::move(answer); }
  // What was asked for in vain since the last call.
  std::vector<Question> take_missing() { return std::exchange(missing_, {}); }
  std::size_t size() const { return known_.size(); }

 private:
  std::map<Question, Answer> known_;
  std::vector<Question> missing_;
};

// Lower case, without the last dot, U-labels as A-labels (RFC 5891); nothing where it can be no name in the DNS.
std::optional<std::string> dns_name(std::string_view name);
// "1.2.0.192.in-addr.arpa"
std::string reverse_name(const IpAddress& address);

}  // namespace telepost::adapters::smtp::authentication
