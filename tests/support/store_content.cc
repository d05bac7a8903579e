#include "tests/support/store_content.h"

#include <random>

namespace telepost::test {

std::string random_lines(std::uint64_t seed, std::size_t size_bytes) {
  static constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::mt19937_64 random(seed);
  std::string lines;
  lines.reserve(size_bytes + 16);
  while (lines.size() < size_bytes) {
    std::uint64_t bits = random();
    for (int letter = 0; letter < 10; ++letter, bits >>= 6) lines.push_back(kLetters[bits & 63]);
    if (lines.size() % 78 >= 68) lines.append("\r\n");
  }
  lines.resize(size_bytes);
  // Never half a line end at the cut.
  if (!lines.empty() && lines.back() == '\r') lines.back() = 'x';
  return lines;
}

std::string mail(std::string_view subject) {
  return "From: Bob <bob@sender.test>\r\nSubject: " + std::string(subject) + "\r\n\r\nbody of " + std::string(subject) + "\r\n";
}

std::string mail_with(std::string_view subject, const std::vector<std::string>& bodies) {
  std::string text = "From: Bob <bob@sender.test>\r\nSubject: " + std::string(subject) +
                     "\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"cut\"\r\n\r\n"
                     "--cut\r\nContent-Type: text/plain\r\n\r\nsee below\r\n";
  for (const std::string& body : bodies) {
    text += "--cut\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    text += body + "\r\n";
  }
  return text + "--cut--\r\n";
}

store::Incoming incoming_for(store::Store& store, const std::vector<schema::AccountId>& accounts, store::Incoming::Reply reply,
                             std::string delivery_key) {
  store::Incoming incoming;
  incoming.origin.network = "lmtp";
  incoming.from = "mailto:sender@example.net";
  incoming.reply = reply;
  incoming.delivery_key = std::move(delivery_key);
  for (const schema::AccountId account : accounts) {
    const auto shown = store.accounts().show(account);
    incoming.to.push_back({account, shown.ok() ? shown->profile.addresses.front() : "mailto:nobody@example.test", ""});
  }
  return incoming;
}

std::vector<Result<store::Delivered>> deliver(store::Store& store, store::Incoming incoming, std::string_view text) {
  using All = std::vector<Result<store::Delivered>>;
  const std::size_t recipients = incoming.to.size();
  const auto intake = store.deliver().begin(std::move(incoming));
  for (std::size_t at = 0; at < text.size(); at += 64u << 10) {
    intake->write(text.substr(at, 64u << 10));
    if (!intake->must_flush()) continue;
    const auto flushed = store::wait_for<void>([&](auto done) { intake->flush(std::move(done)); });
    if (!flushed.ok()) return All(recipients, flushed.error());
  }
  auto delivered = store::wait_for<All>([&](auto done) { intake->finish(std::move(done)); });
  return delivered.ok() ? std::move(*delivered) : All(recipients, delivered.error());
}

std::vector<std::string> sources_of(store::Store& store, schema::AccountId account) {
  std::vector<std::string> sources;
  const auto tree = store.mailboxes().list(account);
  if (!tree.ok()) return sources;
  for (const store::MailboxInTree& mailbox : *tree) {
    for (schema::Uid from{1};;) {
      const auto page = store.reader().list_by_uid(account, mailbox.record.id, from, schema::Uid{~0u}, 1000);
      if (!page.ok()) return {"unreadable: " + to_string(page.error())};
      for (const store::Listed& listed : page->messages) {
        auto text = store.reader().source_text({account, listed.summary.local});
        sources.push_back(text.ok() ? std::move(*text) : "unreadable: " + to_string(text.error()));
      }
      if (page->messages.size() < 1000) break;
      from = {page->messages.back().uid.value + 1};
    }
  }
  return sources;
}

std::size_t records_in(const MemoryEngine& engine, schema::PartitionKind kind, store::Space space) {
  std::size_t records = 0;
  for (const auto& [place, value] : engine.dump()) {
    records += place.first == space && place.second[0] == static_cast<char>(kind) ? 1u : 0u;
  }
  return records;
}

}  // namespace telepost::test
