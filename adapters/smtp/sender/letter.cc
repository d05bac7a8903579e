#include "adapters/smtp/sender/letter.h"

#include <algorithm>

#include "adapters/net/on_worker.h"
#include "store/store.h"

namespace telepost::adapters::smtp::sender {
namespace {

constexpr std::uint64_t kPiece = 1u << 20;

// A range of a message's source, read on the store's pool.
net::Awaitable<Result<std::string>> read_source(store::Store& store, schema::MessageId id, std::uint64_t offset, std::uint64_t size) {
  auto work = [&store, id, offset, size]() -> Result<std::string> {
    std::string bytes;
    bytes.reserve(size);
    TELEPOST_TRY(store.reader().source(id, offset, size, {}, [&bytes](std::string_view piece) {
      bytes += piece;
      return true;
    }));
    if (bytes.size() != size) return Error{Errc::corrupt, "the message is shorter than its send job says"};
    return bytes;
  };
  net::Awaitable<Result<std::string>> reading = net::on_worker<std::string>(store, std::move(work));
  Result<std::string> read = co_await std::move(reading);
  co_return read;
}

}  // namespace

class Letter::Reading final : public net::SmtpContent {
 public:
  explicit Reading(const Letter& letter) : letter_(letter) {}

  net::Awaitable<Result<std::string>> next() override {
    if (!front_given_) {
      front_given_ = true;
      if (!letter_.front_.empty()) co_return letter_.front_;
    }
    const std::uint64_t size = std::min(kPiece, letter_.size_bytes_ - read_);
    if (size == 0) co_return std::string();
    const std::uint64_t offset = letter_.offset_ + read_;
    read_ += size;
    co_return co_await read_source(letter_.store_, letter_.message_, offset, size);
  }

 private:
  const Letter& letter_;
  bool front_given_ = false;
  std::uint64_t read_ = 0;
};

net::Awaitable<Result<std::unique_ptr<Letter>>> Letter::open(store::Store& store, const Errand& errand) {
  std::unique_ptr<Letter> letter(new Letter(store));
  const schema::MailJob& mail = errand.mail;
  letter->front_ = mail.header;
  letter->message_ = {errand.job.record.account, errand.job.record.message};
  if (mail.content) {
    letter->front_ += *mail.content;
  } else if (mail.content_size <= kLetterInMemory) {
    const Result<std::string> rest = co_await read_source(store, letter->message_, mail.content_offset, mail.content_size);
    if (!rest.ok()) co_return rest.error();
    letter->front_ += *rest;
  } else {
    letter->offset_ = mail.content_offset;
    letter->size_bytes_ = mail.content_size;
  }
  net::ContentSurvey survey;
  const std::unique_ptr<net::SmtpContent> all = letter->content();
  for (;;) {
    const Result<std::string> piece = co_await all->next();
    if (!piece.ok()) co_return piece.error();
    if (piece->empty()) break;
    survey.feed(*piece);
  }
  letter->traits_ = survey.finish();
  co_return std::move(letter);
}

std::unique_ptr<net::SmtpContent> Letter::content() const { return std::make_unique<Reading>(*this); }

void Letter::prepend(std::string field) {
  traits_.size_bytes += field.size();
  front_.insert(0, field);
}

void Letter::rewrite(std::string text) {
  front_ = std::move(text);
  size_bytes_ = 0;
  traits_ = net::survey(front_);
}

net::Awaitable<Result<std::string>> Letter::text(std::size_t limit_bytes) const {
  if (traits_.size_bytes > limit_bytes) co_return Error{Errc::too_large, "the message is too large to be rewritten"};
  std::string whole;
  const std::unique_ptr<net::SmtpContent> all = content();
  for (;;) {
    const Result<std::string> piece = co_await all->next();
    if (!piece.ok()) co_return piece.error();
    if (piece->empty()) co_return whole;
    whole += *piece;
  }
}

}  // namespace telepost::adapters::smtp::sender
