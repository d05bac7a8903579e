// MAIL, DATA and BDAT: how a transaction begins and comes to its content. RCPT is in recipients.cc.
#include <utility>

#include "adapters/smtp/authors.h"
#include "adapters/smtp/commands.h"
#include "base/bytes.h"

namespace telepost::adapters::smtp {

std::optional<Reply> Commands::refusal_of(const Mail& mail) const {
  if (!hello_) return Reply{503, "5.5.1", context_.listener.mode == Mode::lmtp ? "Say LHLO first" : "Say EHLO first"};
  if (transaction_) return Reply{503, "5.5.1", "A transaction is open; RSET ends it"};
  if (wants_login() && !client_.login) return Reply{530, "5.7.0", "Log in first"};  // RFC 6409 section 4.3
  const bool is_offered = (!mail.has_auth || wants_login()) && (!mail.request.require_tls || client_.tls);
  if (!is_offered) return Reply{555, "5.5.4", "This parameter of MAIL is not offered here"};
  // Nobody may write as well: that is how a report is answered.
  const bool is_own = !wants_login() || mail.from.is_null() || is_one_of(client_.login->addresses, mail.from);
  if (!is_own) return Reply{550, "5.7.1", "This sender is not one of your addresses"};  // section 6.1
  if (mail.size_bytes.value_or(0) > context_.listener.max_message_bytes) return too_large_for_all();
  if (const Result<void> health = context_.store.health(); !health.ok()) return reply_to(health.error());
  return {};
}

Next Commands::on(const Mail& mail) {
  if (const std::optional<Reply> refusal = refusal_of(mail)) {
    complain(*refusal);
    return Next::go_on;
  }
  transaction_.emplace();
  transaction_->mail = mail;
  transaction_->trace = to_base32(context_.random.u64());
  out_ += "250 2.1.0 Sender accepted\r\n";
  return Next::go_on;
}

// Of DATA and BDAT alike.
std::optional<Reply> Commands::out_of_turn() const {
  const bool lmtp = context_.listener.mode == Mode::lmtp;
  if (!transaction_) return Reply{503, "5.5.1", "Say MAIL first"};
  // RFC 2033 section 4.2 wants 503 here, RFC 5321 section 3.3 offers 554.
  if (transaction_->forward_paths.empty()) return Reply{lmtp ? std::uint16_t{503} : std::uint16_t{554}, "5.5.1", "No valid recipients"};
  return {};
}

// RFC 3030 section 3: binary content cannot come by DATA; section 2: BDAT and DATA do not mix.
Next Commands::on(const DataCommand&) {
  std::optional<Reply> refusal = out_of_turn();
  if (!refusal && transaction_->in_chunks) refusal = Reply{503, "5.5.1", "The message comes by BDAT; RSET ends it"};
  if (!refusal && transaction_->mail.body == Body::binary) refusal = Reply{503, "5.6.1", "BODY=BINARYMIME comes by BDAT alone"};
  if (!refusal) return Next::read_data;
  complain(*refusal);
  return Next::flush;
}

Next Commands::on(const Bdat& bdat) {
  if (bdat.size_bytes) return Next::read_chunk;
  // Where the chunk ends is not known: taking its bytes for commands is what smuggling lives on.
  complain({501, "5.5.4", "Syntax: BDAT size [LAST]"});
  say_goodbye("4.7.0", "Closing, because that chunk has no end");
  return Next::close;
}

std::optional<Reply> Commands::begin_chunk() {
  std::optional<Reply> refusal = out_of_turn();
  if (refusal) refusal->code = 503;  // RFC 3030 section 2
  else transaction_->in_chunks = true;
  return refusal;
}

// Chunks that were sent before the first refusal was read are no further mistakes.
void Commands::refuse_chunk(const Bdat& chunk, const Reply& reply, std::uint64_t size_bytes) {
  if (transaction_ && chunk.last && !transaction_->forward_paths.empty()) return refuse(reply, size_bytes);
  if (transaction_ && std::exchange(transaction_->chunk_failed, true)) append(out_, reply);
  else complain(reply);
}

void Commands::accept_chunk(const Bdat& chunk) {
  say(250, "2.0.0", std::to_string(chunk.size_bytes.value_or(0)) + " octets received");
}

}  // namespace telepost::adapters::smtp
