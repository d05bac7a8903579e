// A DNS that is a map, for what judges by authentication::DnsAnswers.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "adapters/smtp/authentication/dns_answers.h"

namespace telepost::test {

namespace authentication = adapters::smtp::authentication;

class DnsZone {
 public:
  using Type = authentication::RecordType;
  void txt(const std::string& name, const std::string& text) { add(Type::txt, name, text); }
  void mx(const std::string& name, const std::string& host) { add(Type::mx, name, host); }
  void ptr(const std::string& address, const std::string& name) {
    add(Type::ptr, authentication::reverse_name(*authentication::ip_address_from(address)), name);
  }
  void address(const std::string& name, const std::string& address) {
    const auto parsed = authentication::ip_address_from(address);
    add(parsed->is_v6 ? Type::aaaa : Type::a, name, std::string(parsed->bytes()));
  }
  void fail(Type type, const std::string& name) { records_[{type, name}].status = authentication::Answer::Status::failed; }

  // Asks until nothing is missing.
  template <typename Judge>
  auto settle(Judge judge) {
    authentication::DnsAnswers answers;
    for (int round = 0; round < 100; ++round) {
      if (auto result = judge(answers)) return *result;
      const std::vector<authentication::Question> questions = answers.take_missing();
      EXPECT_FALSE(questions.empty()) << "it waits for nothing";
      for (const authentication::Question& question : questions) {
        ++asked_;
        const auto found = records_.find(question);
        answers.put(question, found == records_.end() ? authentication::Answer() : found->second);
      }
    }
    ADD_FAILURE() << "it never ends";
    return *judge(answers);
  }
  unsigned asked() const { return asked_; }

  void add(Type type, const std::string& name, const std::string& record) {
    authentication::Answer& answer = records_[{type, name}];
    answer.status = authentication::Answer::Status::found;
    answer.records.push_back(record);
  }

 private:
  std::map<authentication::Question, authentication::Answer> records_;
  unsigned asked_ = 0;
};

}  // namespace telepost::test
