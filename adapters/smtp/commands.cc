#include "adapters/smtp/commands.h"

#include <algorithm>
#include <utility>


namespace telepost::adapters::smtp {

void Commands::say(std::uint16_t code, std::string_view status, std::string_view text) {
  append(out_, {code, status, std::string(text)});
}

void Commands::complain(const Reply& reply) {
  ++errors_;
  ++mistakes_;
  pause_due_ = true;
  append(out_, reply);
}

// Doubled with each mistake after the first two, which are anybody's.
Duration Commands::take_pause() {
  constexpr unsigned kForgiven = 2;
  const bool is_stranger = client_.proof != Proof::proved && !client_.peer.uid && !client_.login && !client_.is_front;
  if (!std::exchange(pause_due_, false) || !context_.listener.tarpit_max || !is_stranger || mistakes_ <= kForgiven) return Duration(0);
  const Duration pause = std::chrono::seconds(1) * (1u << std::min(mistakes_ - kForgiven - 1, 16u));
  return std::min(pause, *context_.listener.tarpit_max);
}

void Commands::say_goodbye(std::string_view status, std::string_view text) {
  say(421, status, context_.listener.hostname + " " + std::string(text));
}

bool Commands::is_exhausted() const {
  return errors_ >= kMaxErrors || unknown_recipients_ >= kMaxUnknownRecipients || idle_commands_ >= kMaxIdleCommands;
}

Next Commands::apply(const Command& command) {
  ++idle_commands_;
  return std::visit([this](const auto& verb) { return on(verb); }, command);
}

Next Commands::on(const Rset&) {
  transaction_.reset();
  out_ += "250 2.0.0 Reset\r\n";
  return Next::go_on;
}

Next Commands::on(const Noop&) {
  out_ += "250 2.0.0 OK\r\n";
  return Next::flush;
}

// RFC 5321 section 3.5.3: 252 tells nothing, and refuses nothing.
Next Commands::on(const Vrfy&) {
  say(252, "2.5.0", "Cannot tell; send a message and see");
  return Next::flush;
}

Next Commands::on(const Expn&) {
  complain({502, "5.5.1", "EXPN is not offered"});
  return Next::flush;
}

Next Commands::on(const Help&) {
  say(214, "2.0.0", "See RFC 5321 and RFC 2033");
  return Next::flush;
}

Next Commands::on(const Quit&) {
  say(221, "2.0.0", context_.listener.hostname + " Bye");
  return Next::close;
}

Next Commands::on(const Refused& refused) {
  complain(refused.reply);
  return Next::go_on;
}

}  // namespace telepost::adapters::smtp
