// DATA: from the transaction to the store's door, and the replies that end it.
#include <algorithm>

#include "adapters/smtp/commands.h"
#include "adapters/smtp/trace_block.h"
#include "base/log.h"
#include "base/metrics.h"

namespace telepost::adapters::smtp {
namespace {

metrics::Counter& messages() {
  static metrics::Counter counter("telepost_smtp_messages_total", "Messages read to their end", {"mode", "result"});
  return counter;
}

void count(Mode mode, bool accepted) {
  static metrics::Counter::Cell* const cells[] = {
      &messages().with({"smtp", "refused"}), &messages().with({"smtp", "accepted"}),
      &messages().with({"lmtp", "refused"}), &messages().with({"lmtp", "accepted"})};
  cells[(mode == Mode::lmtp ? 2 : 0) + (accepted ? 1 : 0)]->add();
}

}  // namespace

Subject Commands::subject() const {
  return {.peer = client_.peer,
          .hello = client_.hello.empty() ? hello_->name : client_.hello,
          .from = transaction_->mail.from,
          .hostname = context_.listener.hostname,
          .trace = transaction_->trace,
          .is_submission = context_.listener.mode == Mode::submission,
          .is_proved = client_.proof == Proof::proved,
          .is_told = client_.is_introduced};
}

std::string Commands::trace_block(std::string_view examined, const net::HeaderWatch& header) const {
  const Transaction& transaction = *transaction_;
  const TlsFacts tls = client_.tls.value_or(TlsFacts{});
  const Time now = context_.clock.now();
  std::string block = smtp::trace_block({.mode = context_.listener.mode,
                            .hello = client_.hello.empty() ? hello_->name : client_.hello,
                            .extended = hello_->kind != Hello::Kind::helo,
                            .utf8 = transaction.mail.utf8,
                            .peer = client_.peer,
                            .peer_name = client_.name,
                            .tls_version = tls.version,
                            .tls_cipher = tls.cipher,
                            .logged_in = client_.login.has_value(),
                            .hostname = context_.listener.hostname,
                            .trace = transaction.trace,
                            .from = transaction.mail.from.text,
                            .only_recipient = transaction.forward_paths.size() == 1 ? transaction.forward_paths.front() : "",
                            .examined = examined,
                            .now = now});
  // RFC 6409 sections 8.2 and 8.3: what a client left out.
  if (wants_login() && !header.has_date()) block.append("Date: ").append(to_rfc5322_date(now)).append("\r\n");
  if (wants_login() && !header.has_message_id()) {
    block.append("Message-ID: <").append(transaction.trace).append("@").append(context_.listener.hostname).append(">\r\n");
  }
  return block;
}

schema::MessageRequest Commands::request(const net::HeaderWatch& header) const {
  schema::MessageRequest request = transaction_->mail.request;
  request.tls_optional = header.tls_optional() && !request.require_tls;  // RFC 8689 section 4.1: the parameter goes first
  return request;
}

std::unique_ptr<store::Intake> Commands::begin() {
  const bool lmtp = context_.listener.mode == Mode::lmtp;
  const Transaction& transaction = *transaction_;
  store::Incoming incoming;
  incoming.origin.network = lmtp ? "lmtp" : wants_login() ? "submission" : "smtp";
  incoming.origin.peer = client_.peer.address;
  incoming.origin.peer_name = hello_->name;
  incoming.origin.trace = transaction.trace;
  if (client_.proof == Proof::proved) incoming.origin.identity = context_.listener.service;
  if (wants_login()) return hand_in(std::move(incoming.origin));
  incoming.from = mailto_of(transaction.mail.from);
  incoming.to = transaction.recipients;
  incoming.request = transaction.mail.request;
  // Services name their own messages: one must not hit another's key.
  if (transaction.mail.envid && client_.proof == Proof::proved) incoming.delivery_key = *context_.listener.service + "/" + *transaction.mail.envid;
  incoming.reply = lmtp ? store::Incoming::Reply::one_for_each : store::Incoming::Reply::one_for_all;
  return context_.store.deliver().begin(std::move(incoming));
}

// RFC 6409: kept for the sender, delivered here, and sent to everybody else.
std::unique_ptr<store::Intake> Commands::hand_in(schema::Origin origin) {
  const Mail& mail = transaction_->mail;
  store::HandedIn handed_in;
  handed_in.account = client_.login->account;
  handed_in.origin = std::move(origin);
  handed_in.from = mailto_of(mail.from);
  handed_in.to = transaction_->handed_in;
  handed_in.request = mail.request;
  handed_in.body = mail.body == Body::binary      ? schema::MailBody::binary
                   : mail.body == Body::eight_bit ? schema::MailBody::eight_bit
                                                  : schema::MailBody::seven_bit;
  handed_in.smtputf8 = mail.utf8;
  return context_.store.submission().begin(std::move(handed_in));
}

void Commands::answer(const std::vector<Result<store::Delivered>>& results, std::uint64_t size_bytes) {
  // The id tells of the account, which is nothing for strangers: the trace leads us to it.
  const auto reply_of = [&](const Result<store::Delivered>& result) {
    if (!result.ok()) return reply_to(result.error());
    const std::string id = client_.proof == Proof::proved ? " as " + to_string(result->id) : "";
    return Reply{250, "2.0.0", "Stored" + id + " trace " + transaction_->trace};
  };
  const auto is_taken = [](const Result<store::Delivered>& result) { return result.ok(); };
  const auto is_stored = [](const Result<store::Delivered>& result) { return result.ok() && result->how != store::Delivered::How::promised; };
  if (context_.listener.mode != Mode::lmtp) {
    append(out_, reply_of(results.front()));
  } else {
    for (const std::size_t copy : transaction_->copy_of) append(out_, reply_of(results[copy]));  // RFC 2033 section 4.2
  }
  const auto stored = static_cast<std::size_t>(std::count_if(results.begin(), results.end(), is_stored));
  const auto failed = std::find_if_not(results.begin(), results.end(), is_taken);
  const std::string result = failed != results.end() ? to_string(failed->error()) : stored < results.size() ? "copies or reports follow" : "ok";
  log_end(stored > 0 ? "accepted" : "refused", size_bytes, result, stored);
  count(context_.listener.mode, stored > 0);
  if (stored > 0) errors_ = idle_commands_ = 0;
  transaction_.reset();
}

void Commands::refuse(const Reply& reply, std::uint64_t size_bytes) {
  ++errors_;
  const std::size_t replies = context_.listener.mode == Mode::lmtp ? transaction_->forward_paths.size() : 1;
  for (std::size_t i = 0; i < replies; ++i) append(out_, reply);
  log_end("refused", size_bytes, reply.text, 0);
  count(context_.listener.mode, false);
  transaction_.reset();
}

void Commands::log_end(std::string_view event, std::uint64_t size_bytes, std::string_view result,
                       std::size_t stored) const {
  if (!log::enabled(log::Level::info)) return;
  log::info(event, {{"trace", transaction_->trace},
                    {"listener", context_.listener.name},
                    {"peer", client_.peer.network()},
                    {"hello", hello_->name},
                    {"from", transaction_->mail.from.text},
                    {"recipients", transaction_->forward_paths.size()},
                    {"accounts_stored", stored},
                    {"size", size_bytes},
                    {"result", result}});
}

}  // namespace telepost::adapters::smtp
