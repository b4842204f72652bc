"""One file per thing a customer comes for; `bot.conversation.registry` lists them."""
