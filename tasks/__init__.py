"""The deploy: verbs (modules of this package) touch hosts through pyinfra, nouns (its folders) only think."""
