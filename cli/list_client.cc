#include "cli/list_client.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "base/bytes.h"

namespace telepost::cli {
namespace {

constexpr int kAsksAgain = 100;

// What the other side counts; what is no number is none.
std::uint64_t number_in(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::uint64_t occurrences(std::string_view text, std::string_view of) {
  std::uint64_t count = 0;
  for (std::size_t at = text.find(of); at != std::string_view::npos; at = text.find(of, at + of.size())) ++count;
  return count;
}

Result<void> refused(std::string_view what) { return {Errc::invalid, std::string(what.substr(0, 300))}; }

// HTTP/1.1, as far as one kept-open connection to one server needs it.
class HttpCaller {
 public:
  HttpCaller(std::unique_ptr<ListWire> wire, const ListClientOptions& options)
      : wire_(std::move(wire)), fields_(fmt::format("Host: {}\r\nAuthorization: Basic {}\r\n", options.target, to_base64(options.user + ":" + options.password))) {}

  Result<std::string> get(std::string_view path) { return call(fmt::format("GET {} HTTP/1.1\r\n{}\r\n", path, fields_)); }
  Result<std::string> post(std::string_view path, std::string_view json) {
    return call(fmt::format("POST {} HTTP/1.1\r\n{}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", path, fields_, json.size(), json));
  }

 private:
  Result<std::string> call(const std::string& request) {
    TELEPOST_TRY(wire_->send(request));
    TELEPOST_ASSIGN(const std::string status, wire_->line());
    std::size_t size = 0;
    for (;;) {
      TELEPOST_ASSIGN(const std::string field, wire_->line());
      if (field.empty()) break;
      const std::size_t colon = field.find(':');
      if (colon != std::string::npos && equals_ignoring_case(field.substr(0, colon), "content-length")) {
        size = number_in(trim(std::string_view(field).substr(colon + 1)));
      }
    }
    TELEPOST_ASSIGN(std::string body, wire_->bytes(size));
    if (status.find(" 200 ") == std::string::npos) return {Errc::invalid, status + ": " + body.substr(0, 300)};
    return body;
  }

  const std::unique_ptr<ListWire> wire_;
  const std::string fields_;
};

nlohmann::json properties_of(ListProperties wanted) {
  nlohmann::json names = {"id", "threadId", "mailboxIds", "keywords", "size", "receivedAt", "from", "subject", "preview", "hasAttachment"};
  if (wanted == ListProperties::summary) return names;
  for (const char* name : {"messageId", "inReplyTo", "sender", "replyTo", "to", "cc", "bcc", "sentAt", "bodyStructure"}) names.push_back(name);
  return names;
}

class JmapClient final : public ListClient {
 public:
  JmapClient(std::unique_ptr<ListWire> wire, const ListClientOptions& options, ListProperties properties)
      : http_(std::move(wire), options), limit_(options.limit), properties_(properties_of(properties)) {}

  Result<void> open() {
    TELEPOST_ASSIGN(const std::string text, http_.get("/.well-known/jmap"));
    const nlohmann::json session = nlohmann::json::parse(text, nullptr, false);
    if (!session.is_object() || session["primaryAccounts"].empty()) return refused(text);
    account_ = session["primaryAccounts"]["urn:ietf:params:jmap:mail"];
    const nlohmann::json find = {{"accountId", account_}, {"filter", {{"role", "inbox"}}}};
    TELEPOST_ASSIGN(const std::string answer, call(nlohmann::json::array({nlohmann::json::array({"Mailbox/query", find, "0"})})));
    const nlohmann::json found = nlohmann::json::parse(answer, nullptr, false);
    const nlohmann::json::json_pointer first("/methodResponses/0/1/ids/0");
    if (!found.is_object() || !found.contains(first)) return refused(answer);
    inbox_ = found[first];
    return {};
  }

  Result<void> list(std::uint64_t position) override {
    const nlohmann::json newest_first = {{"property", "receivedAt"}, {"isAscending", false}};
    const nlohmann::json query = {{"accountId", account_}, {"filter", {{"inMailbox", inbox_}}}, {"sort", nlohmann::json::array({newest_first})},
                        {"position", position},  {"limit", limit_}};
    const nlohmann::json ids = {{"resultOf", "0"}, {"name", "Email/query"}, {"path", "/ids"}};
    const nlohmann::json get = {{"accountId", account_}, {"#ids", ids}, {"properties", properties_}};
    const nlohmann::json calls = nlohmann::json::array({nlohmann::json::array({"Email/query", query, "0"}), nlohmann::json::array({"Email/get", get, "1"})});
    TELEPOST_ASSIGN(std::string answer, call(calls));
    // A server whose list of so much mail is not made yet says so, and comes further with each call (RFC 8620 section 3.6.2).
    for (int again = 0; again < kAsksAgain && answer.find("\"serverUnavailable\"") != std::string::npos; ++again) {
      TELEPOST_ASSIGN(answer, call(calls));
    }
    return occurrences(answer, "\"receivedAt\":") == limit_ ? Result<void>() : refused(answer);
  }

 private:
  Result<std::string> call(const nlohmann::json& calls) {
    const nlohmann::json request = {{"using", {"urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"}}, {"methodCalls", calls}};
    return http_.post("/jmap/api", request.dump());
  }

  HttpCaller http_;
  const std::uint64_t limit_;
  const nlohmann::json properties_;
  std::string account_, inbox_;
};

class ImapClient final : public ListClient {
 public:
  ImapClient(std::unique_ptr<ListWire> wire, const ListClientOptions& options, std::string command)
      : wire_(std::move(wire)), limit_(options.limit), command_(std::move(command)) {}

  Result<void> open(const ListClientOptions& options) {
    TELEPOST_TRY(wire_->line());  // the greeting
    TELEPOST_TRY(call(fmt::format("LOGIN \"{}\" \"{}\"", options.user, options.password)));
    return call("SELECT INBOX");
  }

  // Uids are taken to be 1 to EXISTS, as in a mailbox from which nothing was removed.
  Result<void> list(std::uint64_t position) override {
    std::string command = command_;
    const std::size_t uids = command.find("%u");
    if (uids == std::string::npos) return call(command);
    if (position + limit_ > exists_) return {Errc::invalid, fmt::format("only {} messages", exists_)};
    const std::uint64_t last = exists_ - position;
    command.replace(uids, 2, fmt::format("{}:{}", last - limit_ + 1, last));
    TELEPOST_TRY(call(command));
    return fetched_ == limit_ ? Result<void>() : refused(fmt::format("{} messages were fetched", fetched_));
  }

 private:
  Result<void> call(const std::string& command) {
    const std::string tag = fmt::format("t{} ", ++tags_);
    fetched_ = 0;
    TELEPOST_TRY(wire_->send(tag + command + "\r\n"));
    for (;;) {
      TELEPOST_ASSIGN(std::string line, wire_->line());
      const bool is_fetch = line.starts_with("* ") && line.find(" FETCH (") != std::string::npos;
      fetched_ += is_fetch ? 1 : 0;
      if (line.starts_with("* ") && line.ends_with(" EXISTS")) exists_ = number_in(std::string_view(line).substr(2));
      if (line.starts_with(tag)) return line.starts_with(tag + "OK") ? Result<void>() : refused(line);
      while (line.ends_with("}")) {  // RFC 3501 section 4.3: a literal, then the rest of the response
        TELEPOST_TRY(wire_->bytes(number_in(std::string_view(line).substr(line.rfind('{') + 1))));
        TELEPOST_ASSIGN(line, wire_->line());
      }
    }
  }

  const std::unique_ptr<ListWire> wire_;
  const std::uint64_t limit_;
  const std::string command_;
  std::uint64_t exists_ = 0, fetched_ = 0, tags_ = 0;
};

}  // namespace

Result<std::unique_ptr<ListClient>> connect_jmap(const ListClientOptions& options, ListProperties properties) {
  TELEPOST_ASSIGN(auto wire, ListWire::connect(options.target, options.tls));
  auto client = std::make_unique<JmapClient>(std::move(wire), options, properties);
  TELEPOST_TRY(client->open());
  return std::unique_ptr<ListClient>(std::move(client));
}

Result<std::unique_ptr<ListClient>> connect_imap(const ListClientOptions& options, const std::string& command) {
  TELEPOST_ASSIGN(auto wire, ListWire::connect(options.target, options.tls));
  auto client = std::make_unique<ImapClient>(std::move(wire), options, command);
  TELEPOST_TRY(client->open(options));
  return std::unique_ptr<ListClient>(std::move(client));
}

}  // namespace telepost::cli
