// In whose name a subscriber's message speaks (RFC 6409 sections 6.1 and 8.1). We sign what a domain's subscribers hand in: without
// this each of them could have any other address of that domain vouched for.
#pragma once

#include <string>
#include <vector>

#include "adapters/smtp/authentication/arriving_header.h"
#include "adapters/smtp/examination.h"

namespace telepost::adapters::smtp {

inline constexpr std::size_t kMostAuthors = 100;  // in all From fields

// One of the account's addresses (canonical), with a detail or without.
bool is_one_of(const std::vector<std::string>& own, const Path& path);

// Refuses what names others in From, or, where that has several authors, in Sender (RFC 5322 section 3.6.2). The header is read
// as it is when it is signed, so that what is signed is what was looked at.
class AuthorExamination final : public Examination {
 public:
  explicit AuthorExamination(std::vector<std::string> own) : own_(std::move(own)), header_("") {}
  std::string_view see(std::string_view content) override;
  net::Awaitable<Examined> conclude() override;

 private:
  std::optional<Reply> refusal() const;
  bool are_own(std::string_view value, std::size_t& mailboxes) const;

  const std::vector<std::string> own_;
  authentication::ArrivingHeader header_;
};

}  // namespace telepost::adapters::smtp
