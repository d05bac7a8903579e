// One job of the outbox in the sender's hands, and what its attempt came to.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "adapters/net/smtp_command_codec.h"
#include "policies/retry.h"
#include "schema/mail_job.h"
#include "schema/relay_settings.h"
#include "store/outbox.h"
#include "store/submission.h"

namespace telepost::adapters::smtp::sender {

struct Errand {
  store::Job job;
  schema::MailJob mail;
  std::vector<std::size_t> open;  // recipients of mail.to that are to be sent to; at least one
  std::string domain;             // of theirs, lower case; or an address literal
  std::string lane;               // jobs of one lane can share a connection
  bool is_report = false;         // from the null reverse path: strangers cause such mail, as much as they like and to where they like
};
using ErrandPtr = std::shared_ptr<Errand>;

// A job that can be sent. invalid: nobody to send to.
Result<ErrandPtr> errand_of(store::MailToSend given, const schema::RelaySettings& settings);

// The envelope for the open recipients; its content's traits are still to be filled in.
net::SmtpEnvelope envelope_of(const Errand& errand);

// One attempt's end for one recipient, as the outbox is told.
store::MailOutcome outcome_of(const net::SmtpVerdict& verdict, const std::string& remote, policies::Failure failure,
                              bool peer_reports);
// The same verdict for every open recipient. One for each of mail.to.
std::vector<store::MailOutcome> outcomes_of(const Errand& errand, const net::SmtpVerdict& verdict, const std::string& remote,
                                            policies::Failure failure);

}  // namespace telepost::adapters::smtp::sender
