// RCPT: from a forward path to an account.
#include <algorithm>

#include "adapters/net/completion.h"
#include "adapters/net/on_worker.h"
#include "adapters/smtp/commands.h"
#include "base/bytes.h"
#include "base/log.h"

namespace telepost::adapters::smtp {
namespace {

bool is_postmaster(const Path& path) { return equals_ignoring_case(path.local, "postmaster"); }

}  // namespace

// A telephone number in a served range is a tel: address, bare or at a served domain; <postmaster> is the first served
// domain's (RFC 5321 section 4.1.1.3); everything else is mailto:.
std::string Commands::address_of(const Path& path) const {
  const schema::Configuration& configuration = context_.store.configuration();
  if (const std::optional<std::string> number = number_of(path)) {
    const bool here = path.domain.empty() || serves_domain(configuration, path.domain);
    if (here && serves_number(configuration, *number)) return "tel:" + *number;
  }
  if (path.domain.empty() && is_postmaster(path) && !configuration.domains.empty()) {
    return "mailto:postmaster@" + configuration.domains.front().name;
  }
  return mailto_of(path);
}

bool Commands::is_served(const Path& path) const {
  const schema::Configuration& configuration = context_.store.configuration();
  if (!path.domain.empty()) return serves_domain(configuration, path.domain);
  if (const std::optional<std::string> number = number_of(path)) return serves_number(configuration, *number);
  return !configuration.domains.empty();
}

Next Commands::on(const Rcpt& rcpt) {
  if (!transaction_ || transaction_->in_chunks) {
    complain({503, "5.5.1", transaction_ ? "The message has begun; RSET ends it" : "Say MAIL first"});
  } else if (transaction_->forward_paths.size() >= context_.listener.max_recipients) {
    say(452, "4.5.3", "Too many recipients; send the others in another transaction");  // RFC 5321 section 4.5.3.1.10
  } else if (rcpt.to.has_utf8 && !transaction_->mail.utf8) {
    complain({553, "5.6.7", "An address beyond ASCII needs SMTPUTF8"});
  } else {
    resolving_ = rcpt;
    return Next::resolve;
  }
  return Next::go_on;
}

net::Awaitable<void> Commands::resolve() {
  const std::string address = address_of(resolving_.to);
  store::ResolveOptions options;
  options.peer = client_.peer.network();
  // What can be refused here is not refused after DATA, where it would take a report. A service says with the message of what kind it is.
  if (client_.proof != Proof::proved) options.size_bytes = std::max<std::uint64_t>(transaction_->mail.size_bytes.value_or(0), 1);
  net::Answer<store::Recipient> answer;
  context_.store.deliver().resolve(address, options, answer.completion());
  Result<store::Recipient> recipient = co_await answer.get();
  if (!recipient.ok() && recipient.error().kind == Errc::not_found && is_postmaster(resolving_.to) && is_served(resolving_.to)) {
    // RFC 5321 section 4.5.1: mail for postmaster of a domain that is served must be taken, an alias or not.
    auto create = [&store = context_.store, address]() -> Result<void> {
      const Result<schema::AccountId> account = store.accounts().create({{address}, "", "Postmaster"});
      if (account.ok() || account.error().kind == Errc::exists) return {};
      return account.error();
    };
    net::Awaitable<Result<void>> creating = net::on_worker<void>(context_.store, std::move(create));
    const Result<void> made = co_await std::move(creating);
    if (made.ok()) {
      net::Answer<store::Recipient> again;
      context_.store.deliver().resolve(address, options, again.completion());
      recipient = co_await again.get();
    } else {
      recipient = made.error();
    }
  }
  // RFC 6409: the way out is for who has logged in.
  const bool leaves = !recipient.ok() && recipient.error().kind == Errc::not_found && client_.login && !resolving_.to.domain.empty() && !is_served(resolving_.to);
  if (recipient.ok()) accept(resolving_, std::move(*recipient));
  else if (leaves) accept_remote(resolving_);
  else refuse_recipient(resolving_.to, recipient.error());
}

// Two addresses of one account make one copy with two replies; who asks to be told of either is told of the copy.
void Commands::accept(const Rcpt& rcpt, store::Recipient recipient) {
  std::vector<store::Recipient>& known = transaction_->recipients;
  const auto same = std::find_if(known.begin(), known.end(), [&recipient](const store::Recipient& other) {
    return other.account == recipient.account;
  });
  transaction_->copy_of.push_back(static_cast<std::size_t>(same - known.begin()));
  transaction_->forward_paths.push_back(rcpt.to.text);
  if (same == known.end()) {
    recipient.request = rcpt.request;
    if (wants_login()) transaction_->handed_in.push_back({rcpt.to.text, rcpt.request, recipient});
    known.push_back(std::move(recipient));
  } else if (rcpt.request.notify.success) {
    same->request.notify.success = true;
    same->request.notify.never = false;
  }
  out_ += "250 2.1.5 Recipient accepted\r\n";
}

void Commands::accept_remote(const Rcpt& rcpt) {
  transaction_->copy_of.push_back(0);
  transaction_->forward_paths.push_back(rcpt.to.text);
  transaction_->handed_in.push_back({rcpt.to.text, rcpt.request, {}});
  out_ += "250 2.1.5 Recipient accepted\r\n";
}

void Commands::refuse_recipient(const Path& path, const Error& error) {
  const bool relay = error.kind == Errc::not_found && !is_served(path);
  Reply reply = error.kind == Errc::invalid ? Reply{501, "5.1.3", "This address cannot be a mailbox here"}
                : relay                     ? Reply{550, "5.7.1", "No relaying to other domains"}
                                            : reply_to(error);
  if (context_.listener.mode != Mode::lmtp) ++unknown_recipients_;
  ++mistakes_;
  pause_due_ = true;
  append(out_, reply);
  if (!log::enabled(log::Level::info)) return;
  log::info("recipient_refused", {{"trace", transaction_->trace},
                                  {"listener", context_.listener.name},
                                  {"peer", client_.peer.network()},
                                  {"to", path.text},
                                  {"reply", std::to_string(reply.code) + " " + std::string(reply.status)},
                                  {"reason", to_string(error)}});
}

}  // namespace telepost::adapters::smtp
