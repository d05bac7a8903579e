// DATA and BDAT in a session: from the command to the replies that end the message.
#include <algorithm>
#include <utility>

#include "adapters/net/completion.h"
#include "adapters/smtp/authors.h"
#include "adapters/smtp/session.h"
#include "base/log.h"

namespace telepost::adapters::smtp {

net::Awaitable<bool> Session::data() {
  if (!stream_->buffered().empty()) {
    // RFC 2920 section 3.1: DATA ends a group. What follows it was written by somebody who does not read our replies (or
    // tricked another into sending it) and must be taken neither for a message nor for commands.
    commands_->complain({503, "5.5.1", "Wait for the reply to DATA"});
    commands_->say_goodbye("4.7.0", "Closing after data before its time");
    co_return false;
  }
  stream_->out() += "354 End data with <CR><LF>.<CR><LF>\r\n";
  const Result<void> sent = co_await stream_->flush(context_->listener.command_timeout);
  if (!sent.ok()) co_return false;
  begin_arrival();
  reading_data_ = true;
  const Result<void> read = co_await arrival_->read_data(*stream_);
  if (read.ok()) co_await finish();
  reading_data_ = false;
  co_return read.ok() || break_off(read.error());
}

// The chunk follows its line without a pause, refused or not (RFC 3030 section 2).
net::Awaitable<bool> Session::chunk(Bdat bdat) {
  const std::optional<Reply> refusal = commands_->begin_chunk();
  if (!refusal && !arrival_) begin_arrival();
  reading_data_ = true;
  Result<void> read;
  if (arrival_) {
    read = co_await arrival_->read_chunk(*stream_, *bdat.size_bytes);
  } else {
    read = co_await discard(*stream_, *bdat.size_bytes, context_->listener.data_timeout);
  }
  if (!read.ok()) {
    reading_data_ = false;
    co_return break_off(read.error());
  }
  if (arrival_ && bdat.last) arrival_->end_chunks();
  const std::optional<Reply> fault = refusal ? refusal : arrival_->fault();
  if (fault) commands_->refuse_chunk(bdat, *fault, arrival_ ? arrival_->size_bytes() : 0);
  else if (bdat.last) co_await finish();
  else commands_->accept_chunk(bdat);
  if (arrival_ && bdat.last) end_arrival();
  reading_data_ = false;
  co_return true;
}

void Session::begin_arrival() {
  std::unique_ptr<Examination> examination;
  if (client_.login) examination = std::make_unique<AuthorExamination>(client_.login->addresses);
  else if (context_->examiner) examination = context_->examiner->begin(commands_->subject());
  arrival_.emplace(*context_, commands_->body(), commands_->begin(), std::move(examination));
  stream_->deadline().limit_total(kDataTotal);
}

void Session::end_arrival() {
  arrival_.reset();
  stream_->deadline().unlimit_total();
  stream_->relax();
}

// The message was read to its end.
net::Awaitable<void> Session::finish() {
  std::optional<Reply> refusal = arrival_->fault();
  Examined examined;
  if (!refusal && arrival_->examination() != nullptr) {
    arrival_->intake().write(arrival_->examination()->rest());
    examined = co_await arrival_->examination()->conclude();
    refusal = examined.refusal;
  }
  if (refusal) {
    commands_->refuse(*refusal, arrival_->size_bytes());
  } else {
    store::Intake& intake = arrival_->intake();
    intake.set_trace_block(commands_->trace_block(examined.fields, arrival_->header()));
    intake.set_request(commands_->request(arrival_->header()));
    intake.set_judgement({examined.junk, std::move(examined.defects), examined.forged, examined.may_be_forged});
    net::Answer<std::vector<Result<store::Delivered>>> finished;
    intake.finish(finished.completion());
    const Result<std::vector<Result<store::Delivered>>> results = co_await finished.get();
    if (results.ok()) commands_->answer(*results, arrival_->size_bytes());
    else commands_->refuse(reply_to(results.error()), arrival_->size_bytes());
    const bool useful = results.ok() && std::any_of(results->begin(), results->end(), [](const auto& result) { return result.ok(); });
    if (useful) stream_->deadline().limit(net::Span::session, context_->listener.session_timeout);
  }
  end_arrival();
}

// The stream ended, or was too slow: nothing is stored. Always false.
bool Session::break_off(const Error& error) {
  if (arrival_) {
    log::info("broken_off", {{"trace", commands_->trace()}, {"peer", client_.peer.network()},
                             {"size", arrival_->size_bytes()}, {"reason", to_string(error)}});
    end_arrival();
  }
  if (error.kind == Errc::busy) commands_->say_goodbye("4.3.2", "Too much mail at one time; come back later");
  if (error.kind == Errc::timeout) commands_->say_goodbye("4.4.2", "The message took too long");
  return false;
}

}  // namespace telepost::adapters::smtp
