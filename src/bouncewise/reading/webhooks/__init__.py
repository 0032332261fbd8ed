"""What mail services send to a web address: a file a service, each with two functions.

``recognise_object(record)`` tells by the record's own fields whether it is of the service;
``read_object(record, source)`` gives its deliveries.
"""

ORDER: tuple[str, ...] = (
    "amazon_ses",
    "sparkpost",
    "mailgun",
    "mandrill",
    "postmark",
    "postal",
    "sendgrid",
    "mailjet",
    "mailtrap",
    "brevo",
    "mailersend",
    "resend",
    "unisender_go",
    "smtp2go",
    "scaleway",
    "infobip",
    "zeptomail",
    "azure",
    "socketlabs",
    "cloudflare",
    "lettermint",
    "ahasend",
    "sweego",
    "loops",
    "elastic_email",
)
