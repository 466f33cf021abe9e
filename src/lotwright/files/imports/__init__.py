"""Holdings from where they are: custodians' files and brokers' answers, made into the tables of a book."""
